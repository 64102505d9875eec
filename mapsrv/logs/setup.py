"""One place where logging is set up, for every program of the house.

Lines are made by the standard library's loggers, ours and the libraries' alike; form.py says what they have,
as JSON or for a person who looks at a terminal.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

from mapsrv.logs.flood import Flood
from mapsrv.logs.stderr import StderrHandler

FLOOD = Flood()  # of this process

log = logging.getLogger("mapsrv.logs")


def log_to_stderr(level: str, form: str | None = None, *, soon: bool = True) -> None:
    """Have mapsrv's log on stderr: as `json`, for the `console`, or, with None, as befits what stderr is.

    The handler is the root logger's: the MCP SDK logs there, which would else add one of its own. `soon`:
    what makes lines is loaded now, and not when the first is made, at which moment a server may be short of
    descriptors; without it a program that says nothing starts sooner.
    """
    logging.getLogger("mapsrv").setLevel(level.upper())
    root = logging.getLogger()
    if root.handlers:
        return
    stderr = sys.stderr
    if stderr is None:  # it was closed before we began: a file may have its descriptor by now
        root.addHandler(logging.NullHandler())
        return
    handler = StderrHandler(stderr.fileno(), FLOOD)
    is_console = form == "console" or (form is None and stderr.isatty())
    lines = _Form(is_console, stderr.isatty())
    if soon:
        lines.load()
    handler.setFormatter(lines)
    root.addHandler(handler)
    logging.captureWarnings(True)
    if not is_console:
        _catch_what_is_printed()


def tell_left_out() -> None:
    """Say what was left out of a second that is over; asked once a second while a program serves."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, StderrHandler):
            handler.tell_left_out()


class _Form(logging.Formatter):
    """The formatter, made when it is needed."""

    def __init__(self, is_console: bool, colors: bool) -> None:
        super().__init__()
        self._is_console, self._colors = is_console, colors
        self._made: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return (self._made or self.load()).format(record)

    def load(self) -> logging.Formatter:
        """Return what makes lines."""
        from mapsrv.logs.form import formatter

        self._made = formatter(self._is_console, colors=self._colors)
        return self._made


def _catch_what_is_printed() -> None:
    """Have the interpreter's last words as lines too: it would print tracebacks as they are."""

    def ended(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        log.critical("mapsrv ends by a bug", exc_info=(kind, error, trace))

    def thread_ended(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            log.error("A thread failed", exc_info=told.exc_value)

    def passed_over(told: Any) -> None:
        log.error("An exception was passed over", exc_info=told.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = ended, thread_ended, passed_over
