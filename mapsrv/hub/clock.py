"""Where the hub's times come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Where times come from: `wall` is Unix seconds; monotonic seconds are Trio's own."""

    wall: Callable[[], float]

    def at(self) -> str:
        """Return now as RFC 3339 UTC, in milliseconds."""
        return (
            datetime.fromtimestamp(self.wall(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
