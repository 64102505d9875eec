"""What a line has, and in which form: structlog puts its keys in order and renders them.

Loaded when the first line is to be made: `mapsrv stdio` mostly makes none, and its host waits for it.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor

from mapsrv.logs.request import CURRENT
from mapsrv.logs.stderr import BOUNDED

FIRST = ("timestamp", "level", "event", "logger")  # the keys that all lines have, in this order


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
