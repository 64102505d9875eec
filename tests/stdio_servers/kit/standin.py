"""An HTTP stand-in for Loki and Netdata: it answers as their documentation says, and keeps what it was asked.

Loki's answers are those of its HTTP API reference; Netdata's are those of its JSON formatter's page, and of
its alarms and charts in the very layout (tabs and all) that the agent writes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from tests.transports.kit.serving import serving

Asked = tuple[str, dict[str, list[str]]]

LINES = {
    "status": "success",
    "data": {
        "resultType": "streams",
        "result": [
            {
                "stream": {"filename": "/var/log/myproject.log", "job": "varlogs", "level": "info"},
                "values": [["1569266497240578000", "foo"], ["1569266492548155000", "bar"]],
            },
            {
                "stream": {"job": "varlogs", "level": "error"},
                "values": [["1569266494000000001", "boo", {"trace_id": "0242ac120002"}]],
            },
        ],
        "stats": {"summary": {"bytesProcessedPerSecond": 0, "execTime": 0.01}},
    },
}
MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {"metric": {"level": "info"}, "values": [[1588889221, "137.95"], [1588889221, "467.115"]]}
        ],
        "stats": {},
    },
}
LABELS = {"status": "success", "data": ["foo", "bar", "job"]}
VALUES = {"status": "success", "data": ["cat", "dog", "axolotl"]}

ROWS = b"""{
 "labels": ["time", "active"],
    "data":
 [
      [ 1540644600, 224.2516667],
      [ 1540644000, null],
      [ 1540643400, 222]
  ]
}
"""
CHART = {
    "id": "nginx_local.connections",
    "name": "nginx_local.connections",
    "type": "nginx_local",
    "family": "active connections",
    "context": "nginx.connections",
    "title": "Nginx Active Connections (nginx_local.connections)",
    "priority": 70010,
    "plugin": "go.d.plugin",
    "module": "nginx",
    "units": "connections",
    "data_url": "/api/v1/data?chart=nginx_local.connections",
    "chart_type": "line",
    "duration": 3601,
    "first_entry": 1540641000,
    "last_entry": 1540644600,
    "update_every": 1,
    "dimensions": {"active": {"name": "active"}},
    "chart_variables": {},
    "green": None,
    "red": None,
    "alarms": {},
    "chart_labels": {},
    "functions": {},
}
CPU = {**CHART, "id": "system.cpu", "title": "Total CPU utilization (system.cpu)", "context": "system.cpu"}
CHARTS = {
    "hostname": "box",
    "version": "v2.7.1",
    "update_every": 1,
    "charts": {"nginx_local.connections": CHART, "system.cpu": CPU},
    "charts_count": 2,
}


def alarm(name: str, status: str, changed: int) -> bytes:
    return b"""\t\t"system.cpu.%s": {
\t\t\t"id": 1539259000,
\t\t\t"name": "%s",
\t\t\t"chart": "system.cpu",
\t\t\t"class": "Utilization",
\t\t\t"active": true,
\t\t\t"disabled": false,
\t\t\t"recipient": "sysadmin",
\t\t\t"units": "%%",
\t\t\t"summary": "CPU utilization",
\t\t\t"info": "average CPU utilization over the last 10 minutes",
\t\t\t"status": "%s",
\t\t\t"last_status_change": %d,
\t\t\t"value_string": "91.5%%",
\t\t\t"green":null,
\t\t\t"red":null,
\t\t\t"value":91.5
\t\t}""" % (name.encode(), name.encode(), status.encode(), changed)


def alarms(*several: bytes, health: bool = True) -> bytes:
    top = (
        b'{\n\t"hostname": "box",\n\t"latest_alarm_log_unique_id": 7,\n\t"status": %s,\n\t"now": 1540644600,'
    )
    text = (top % (b"true" if health else b"false")) + b'\n\t"alarms": {\n'
    return text + b",\n".join(several) + b"\n\t}\n}\n"


class StandIn:
    """An ASGI app. `answers` has a status and a body for each path; `asked` is what came."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, tuple[int, Any]] = {
            "/loki/api/v1/query_range": (200, LINES),
            "/loki/api/v1/labels": (200, LABELS),
            "/loki/api/v1/label/job/values": (200, VALUES),
            "/api/v1/data": (200, ROWS),
            "/api/v1/chart": (200, CHART),
            "/api/v1/charts": (200, CHARTS),
            "/api/v1/alarms": (200, alarms()),
        }

    def last(self) -> dict[str, str]:
        """The last question's parameters, each of which came once."""
        return {name: value for name, (value,) in self.asked[-1][1].items()}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append((scope["path"], parse_qs(scope["query_string"].decode())))
        status, body = self.answers.get(scope["path"], (404, b"404 page not found\n"))
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": data})


@asynccontextmanager
async def standing_in() -> AsyncIterator[tuple[StandIn, str]]:
    """Serve a StandIn; yield it and its address."""
    stand_in = StandIn()
    async with serving(stand_in) as url:
        yield stand_in, url
