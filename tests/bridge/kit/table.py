"""A multiplexer between callers and a child that are not there: what was said on either side of it."""

from __future__ import annotations

import json
from typing import Any

from mapsrv.bridge import json_rpc
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.multiplexer.tool_filter import ALL, Tools
from mapsrv.metrics.bridge import REGISTRY


class Table:
    """A multiplexer with what was said on either side of it."""

    def __init__(self, callers: int, tools: Tools = ALL) -> None:
        self.lines: list[bytes] = []  # to the child
        self.sent: list[dict[str, Any]] = []  # the same, read
        self.raw: list[bytes] = []  # to all callers
        self.got: dict[ClientPort, list[tuple[dict[str, Any], Any]]] = {}
        self.multiplexer = Multiplexer(self, tools=tools)
        self.ports = [self._join() for _ in range(callers)]

    async def send(self, line: bytes) -> None:
        self.send_soon(line)

    def send_soon(self, line: bytes) -> None:
        self.lines.append(line)
        self.sent.append(json.loads(line))

    def _join(self) -> ClientPort:
        got: list[tuple[dict[str, Any], Any]] = []

        def deliver(message: json_rpc.Message, about: Any) -> None:
            self.raw.append(json_rpc.line(message))
            got.append((json.loads(self.raw[-1]), about))

        port = self.multiplexer.join(deliver)
        self.got[port] = got
        return port

    async def ask(self, caller: int, **message: Any) -> None:
        await self.send_raw(caller, json.dumps({"jsonrpc": "2.0", **message}))

    async def send_raw(self, caller: int, body: str) -> None:
        await self.ports[caller].send(json_rpc.parse(body.encode()))

    def says(self, **message: Any) -> None:
        self.multiplexer.from_child(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def heard(self, caller: int) -> list[dict[str, Any]]:
        return [message for message, _about in self.got[self.ports[caller]]]


def junk() -> float:
    return REGISTRY.get_sample_value("mapsrv_bridge_junk_lines_total", {"server": ""}) or 0.0
