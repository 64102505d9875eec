"""The log as its readers have it: lines of JSON, with keys that all have, and nothing that opens a map."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from mapsrv.asgi.routes import OTHER, PROBE, PROBES, ROUTES, TRANSPORTS
from mapsrv.logs.form import FIRST, formatter

OF_REQUESTS = ("request", "stream=begun", "stream=ended")
REQUEST_KEYS = {"request_id", "transport", "method", "route", "client_ip"}
ANSWER_KEYS = {"status", "duration_ms"}
SENTENCE = "mapsrv: "  # begins what a process ends with, for whoever started it: no line of the log

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SESSION = re.compile(r"[0-9a-f]{8}")
# Ids of maps, viewers and MCP sessions, keys and secrets have 22 letters or more; a query has names.
_SECRET = re.compile(r"[A-Za-z0-9_-]{22,}|[?&][a-z_]+=|mapsrv_(viewer|session)")
_MAY_BE_LONG = {"timestamp", "logger", "request_id", "file", "exception"}


@contextmanager
def log_lines(level: int = logging.INFO) -> Iterator[list[dict[str, Any]]]:
    """Give the lines that mapsrv logs in this process meanwhile."""
    lines: list[dict[str, Any]] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(self.format(record)))

    handler, logger = Collect(), logging.getLogger("mapsrv")
    handler.setFormatter(formatter(is_console=False))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def parsed(log: str) -> list[dict[str, Any]]:
    """Return the lines of a log; ValueError where one is none."""
    return [json.loads(line) for line in log.splitlines() if not line.startswith(SENTENCE)]


def faults(log: str, secrets: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with a whole log of a process that serves maps; `secrets` may be nowhere in it."""
    found = [f"a secret is in the log: {secret}" for secret in secrets if secret in log]
    for line in log.splitlines():
        if line.startswith(SENTENCE):
            continue
        try:
            said = json.loads(line)
        except ValueError:
            found.append(f"no JSON: {line[:500]}")
        else:
            found += [f"{fault}: {line[:500]}" for fault in _faults(said)]
    return found


def _faults(said: dict[str, Any]) -> Iterator[str]:
    if tuple(said)[: len(FIRST)] != FIRST or not all(isinstance(said[key], str) for key in FIRST):
        yield "not the keys that all lines have"
        return
    if not _TIMESTAMP.fullmatch(said["timestamp"]):
        yield "no UTC"
    if said["event"] in OF_REQUESTS:
        yield from _faults_of_request(said)
    if not _SESSION.fullmatch(said.get("session", "0" * 8)):
        yield "a session that is no hash"
    if _SECRET.search(" ".join(str(value) for key, value in said.items() if key not in _MAY_BE_LONG)):
        yield "perhaps a secret"


def _faults_of_request(said: dict[str, Any]) -> Iterator[str]:
    wanted = REQUEST_KEYS if said["event"] == "stream=begun" else REQUEST_KEYS | ANSWER_KEYS
    if missing := wanted - said.keys():
        yield f"without {', '.join(sorted(missing))}"
        return
    if said["route"] in PROBES or ROUTES.get(said["route"], OTHER) != said["transport"]:
        yield "no route that has a line"
    if said["transport"] not in (*TRANSPORTS, OTHER) or said["transport"] == PROBE:
        yield "no transport"
