"""What is logged, and how: to stderr, since stdout belongs to protocols and people; one line an event."""

from mapsrv.logs.request import CURRENT, Request, note_session
from mapsrv.logs.setup import FLOOD, log_to_stderr, tell_left_out

__all__ = ["CURRENT", "FLOOD", "Request", "log_to_stderr", "note_session", "tell_left_out"]
