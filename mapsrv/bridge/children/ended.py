"""That a child is gone, and how."""

from __future__ import annotations

import signal

from mapsrv.errors import MapsrvError


class ChildEnded(MapsrvError):
    """The child is gone. The message says how, and its last words."""

    code, status, temporary = "child_ended", 502, True


def how_of(code: int | None) -> str:
    """Return in words how a process ended, by its exit code; None: it has not exited."""
    if code is None:
        return "it closed its stdout"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"its exit code was {code}"
