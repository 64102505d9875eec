"""From what a child answers, or writes instead of an answer, to the caller whose call it is."""

from __future__ import annotations

import trio
from msgspec import UNSET, Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.request_ids import Call, Calls
from mapsrv.bridge.multiplexer.tool_filter import Tools
from mapsrv.bridge.multiplexer.unreadable import UnreadableAnswer, answered
from mapsrv.errors import MapsrvError
from mapsrv.metrics.bridge import Meter

SHOWN = 200  # bytes of a line that is no message, in the log
DEEP = "It nests too deep"


class Answers:
    """`calls` are those that wait. What a method returns is what the log is to say, if anything."""

    def __init__(self, calls: Calls, tools: Tools, meter: Meter) -> None:
        self.initialized_at: float | None = None  # when the child answered initialize well
        self._calls, self._tools, self._meter = calls, tools, meter

    def deliver(self, message: Message, line: bytes) -> str | None:
        """Deliver an answer, which came as this line, to its asker under the asker's own id."""
        call = self._calls.close(message.id)
        if call is None:
            if self._calls.used(message.id):  # its asker has left
                return None
            self._meter.junk()
            return "answered what nobody asked"
        self._meter.took(trio.current_time() - call.since)
        message.id = call.id
        if call.method in ("initialize", "server/discover") and message.error is UNSET:
            self.initialized_at = trio.current_time()
        try:
            if call.method == "tools/list" and isinstance(message.result, Raw):
                message.result = self._tools.cut(message.result)
            call.port.deliver(message, call.id)
        except RecursionError:
            self._fail(call, line, DEEP)
            return None
        (self._meter.ok if message.error is UNSET else self._meter.error)()
        return None

    def junk(self, line: bytes, why: str) -> str:
        """Count a line that is no message; a call that it answers fails, for it gets no other answer."""
        self._meter.junk()
        for number in answered(line):
            if (call := self._calls.close(number)) is not None:
                self._fail(call, line, why)
        return f"wrote a line that is no JSON-RPC message: {line[:SHOWN].decode(errors='replace')!r}"

    def _fail(self, call: Call, line: bytes, why: str) -> None:
        self._meter.error()
        call.port.deliver(json_rpc.failed(call.id, UnreadableAnswer.of(line, why)), call.id)

    def fail(self, error: MapsrvError) -> None:
        """Answer all calls that wait with an error: the child is gone."""
        for number in self._calls.numbers:
            if (call := self._calls.close(number)) is not None:
                self._meter.ended()
                call.port.deliver(json_rpc.failed(call.id, error), call.id)
