"""Where the hub's times come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Clock:
    """Where times come from: `wall` is Unix seconds; monotonic seconds are Trio's own."""

    wall: Callable[[], float]

    def at(self) -> str:
        """Return now as RFC 3339 UTC, in milliseconds."""
        seconds, part = divmod(self.wall(), 1)
        return f"{_second(seconds)}.{int(part * 1000):03}Z"


@lru_cache(1)  # each command has its time
def _second(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
