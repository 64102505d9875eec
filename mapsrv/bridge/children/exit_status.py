"""That a child is gone, and how."""

from __future__ import annotations

import signal

from mapsrv.errors import MapsrvError


class ChildEnded(MapsrvError):
    """The child is gone. The message says how; `last` is what it said last, for the log."""

    code, status, temporary = "child_ended", 502, True

    def __init__(self, message: str, *, last: str = "", retry_after: int | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.last = last

    @property
    def for_log(self) -> str:
        """The message with its last words, which may hold a password: few clients are told them."""
        return _with(self.message, self.last)


def ended_by(name: str, how: str, last: str, *, tell: bool) -> ChildEnded:
    """Return how a child ended; clients are told its last words or not."""
    message = f"{name} has ended: {how}."
    return ChildEnded(_with(message, last)) if tell else ChildEnded(message, last=last)


def _with(message: str, last: str) -> str:
    return f"{message} It said last: {last}" if last else message


def how_of(code: int | None) -> str:
    """Return in words how a process ended, by its exit code; None: it has not exited."""
    if code is None:
        return "it closed its stdout"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"its exit code was {code}"
