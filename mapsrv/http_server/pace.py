"""Whether a reader for whom bytes wait is cut: one that takes nothing always, a slow one where room is short.

Plain and synchronous; the caller says what time it is, and how much the reader has taken in all.
"""

from __future__ import annotations

STALLED_SECONDS = 60.0  # in which it took nothing
SLOWEST = 16 * 1024  # bytes a second that it takes at least, while over half of the budget is out
LOOK_SECONDS = 4.0  # between two looks: a shorter wait says little, as a socket takes bytes in bursts


class Pace:
    """One reader's, from when bytes began to wait. `look_at` is when look() is due."""

    def __init__(self, now: float, taken: int) -> None:
        self._moved_at = self._looked_at = now
        self._taken = taken

    @property
    def look_at(self) -> float:
        """When to look next."""
        return self._looked_at + LOOK_SECONDS

    def look(self, now: float, taken: int, *, pressed: bool) -> str | None:
        """Return why the reader is to be cut, "stalled" or "slow", or None."""
        more, seconds = taken - self._taken, now - self._looked_at
        self._taken, self._looked_at = taken, now
        if more > 0:
            self._moved_at = now
        if now - self._moved_at >= STALLED_SECONDS:
            return "stalled"
        return "slow" if pressed and more < SLOWEST * seconds else None
