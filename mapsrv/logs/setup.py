"""One place where logging is set up, for every program of the house: what a line has, and in which form.

Lines are made by the standard library's loggers, ours and the libraries' alike; structlog puts their keys in
order and renders them, as JSON or for a person who looks at a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor

from mapsrv.logs.flood import Flood
from mapsrv.logs.request import CURRENT
from mapsrv.logs.stderr import BOUNDED, StderrHandler

FIRST = ("timestamp", "level", "event", "logger")  # the keys that all lines have, in this order

FLOOD = Flood()  # of this process

log = logging.getLogger("mapsrv.logs")


def log_to_stderr(level: str, form: str | None = None) -> None:
    """Have mapsrv's log on stderr: as `json`, for the `console`, or, with None, as befits what stderr is.

    The handler is the root logger's: the MCP SDK logs there, which would else add one of its own.
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
    handler.setFormatter(formatter(is_console, colors=stderr.isatty()))
    root.addHandler(handler)
    logging.captureWarnings(True)
    if not is_console:
        _catch_what_is_printed()


def tell_left_out() -> None:
    """Say what was left out of a second that is over; asked once a second while a program serves."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, StderrHandler):
            handler.tell_left_out()


def formatter(is_console: bool, *, colors: bool = False) -> logging.Formatter:
    """Return what makes a line of a record."""
    keys: list[Processor] = [_timestamp, add_log_level, add_logger_name, _of_the_request, ExtraAdder()]
    meta: list[Processor] = [ProcessorFormatter.remove_processors_meta, _in_order]
    if is_console:
        plain = structlog.dev.plain_traceback
        last: list[Processor] = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_to_json)]
    return ProcessorFormatter(foreign_pre_chain=keys, processors=[*meta, *last])


def _timestamp(_logger: Any, _level: str, line: EventDict) -> EventDict:
    made = datetime.fromtimestamp(line["_record"].created, UTC)
    line["timestamp"] = made.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return line


def _of_the_request(_logger: Any, _level: str, line: EventDict) -> EventDict:
    request = CURRENT.get()
    if request is not None:
        line.update(request.keys())
    return line


def _in_order(_logger: Any, _level: str, line: EventDict) -> EventDict:
    line.pop(BOUNDED, None)
    return {**{name: line[name] for name in FIRST}, **line}


def _to_json(line: EventDict, **_more: object) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=str).decode()
    except (ValueError, TypeError):  # half a surrogate pair, a key that is no text
        return json.dumps(line, default=str, skipkeys=True)


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
