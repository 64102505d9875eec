"""Calls that wait for their clients, and children that are slow to say what they are: in virtual time."""

from __future__ import annotations

import json
from typing import Any

import trio
import trio.testing

from mapsrv.bridge import json_rpc
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.revisions.handshake import PROBE_SECONDS, is_modern, negotiate
from mapsrv.bridge.revisions.input_required import HELD_SECONDS, MAX_HELD, InputRequired
from mapsrv.bridge.revisions.modern_call import ModernCall, ModernRequest
from mapsrv.bridge.revisions.vocabulary import CAPABILITIES

ABLE = {CAPABILITIES: {"elicitation": {}}}


class Heard:
    """A child of which only what it is told is seen."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []

    async def send(self, line: bytes) -> None:
        self.send_soon(line)
        await trio.lowlevel.checkpoint()

    def send_soon(self, line: bytes) -> None:
        self.got.append(json.loads(line))

    def methods(self) -> list[Any]:
        return [message.get("method") for message in self.got]


class Table:
    def __init__(self) -> None:
        self.child, self.pending_input = Heard(), InputRequired()
        self.multiplexer = Multiplexer(self.child)

    async def call(self, meta: Any) -> tuple[ModernCall, ModernRequest]:
        call = ModernCall(self.multiplexer.join, "tools/call", {"name": "ask"}, None, self.pending_input)
        request = ModernRequest("c", meta)
        await call.begin(request)
        return call, request

    def says(self, **message: Any) -> None:
        self.multiplexer.from_child(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def asks(self, id: str) -> None:
        self.says(id=id, method="elicitation/create", params={"message": "Who?"})


def answered(request: ModernRequest) -> Any:
    entry = request.reader.next()
    assert entry is not None and request.box.closed and request.box.count == entry[0]
    return json.loads(entry[1])["result"]


async def test_a_call_whose_client_does_not_come_back_is_cancelled_in_time(autojump_clock):
    table = Table()
    call, request = await table.call(ABLE)
    table.asks("q")
    assert answered(request)["resultType"] == "input_required"
    call.leave()
    await trio.sleep(HELD_SECONDS - 1)
    table.pending_input.sweep()
    assert table.pending_input.held == 1 and table.child.methods() == ["tools/call"]
    await trio.sleep(2)
    table.pending_input.sweep()
    assert table.pending_input.held == 0 and table.child.methods()[-1] == "notifications/cancelled"


async def test_two_questions_are_asked_one_after_the_other_and_an_early_answer_is_kept():
    table = Table()
    call, request = await table.call(ABLE)
    table.asks("q")
    table.asks("r")
    told = answered(request)
    held = table.pending_input.take(told["requestState"], "tools/call", {"name": "ask", "requestState": "x"})
    assert held is call
    second = ModernRequest("d", ABLE)
    await call.resume(second, {key: {"action": "decline"} for key in told["inputRequests"]})
    told = answered(second)
    assert len(told["inputRequests"]) == 1 and table.child.got[-1]["id"] == "q"
    call.leave()
    table.says(id=table.child.got[0]["id"], result={"content": []})
    third = ModernRequest("e", ABLE)
    await call.resume(third, {})
    assert answered(third) == {"content": [], "resultType": "complete"}
    call.leave()
    assert table.multiplexer.join(print) and len(table.multiplexer._ports) == 1, "its own port is given up"


async def test_no_more_calls_are_held_than_there_is_room_for():
    table = Table()
    call, request = await table.call(ABLE)
    for _ in range(MAX_HELD):
        table.pending_input.hold(call)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.reply)
        table.asks("q")
        table.says(id="p", method="ping")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    refused, pinged = table.child.got[-2:]
    assert refused["id"] == "q" and refused["error"]["code"] == json_rpc.METHOD_NOT_FOUND
    assert pinged["id"] == "p" and pinged["result"] == {} and not request.box.closed


async def greeted(answers: dict[str, Any], late: float = 0) -> tuple[Any, list[Any]]:
    table = Table()
    known: list[Any] = []
    async with trio.open_nursery() as nursery:

        async def open_it() -> None:
            known.append(await negotiate(table.multiplexer.join))
            nursery.cancel_scope.cancel()

        nursery.start_soon(open_it)
        seen = 0
        while True:
            await trio.testing.wait_all_tasks_blocked()
            for message in table.child.got[seen:]:
                if message.get("method") in answers:
                    nursery.start_soon(answer, table, message, answers[message["method"]], late)
            seen = len(table.child.got)
            await trio.sleep(0.1)
    return known[0], table.child.methods()


async def answer(table: Table, message: Any, body: Any, late: float) -> None:
    await trio.sleep(late)
    table.says(id=message["id"], **body)


FOUND = {"result": {"supportedVersions": ["2026-07-28"], "capabilities": {}}}
TOLD = {"result": {"protocolVersion": "2025-11-25", "capabilities": {}}}
NO = {"error": {"code": -32601, "message": "no"}}


async def test_a_child_is_opened_as_what_it_is(autojump_clock):
    known, said = await greeted({"server/discover": FOUND})
    assert is_modern(known) and said == ["server/discover"]
    known, said = await greeted({"server/discover": NO, "initialize": TOLD})
    assert known.result is not json_rpc.UNSET and not is_modern(known)
    assert said == ["server/discover", "initialize", "notifications/initialized"]


async def test_one_that_never_answers_the_probe_is_an_older_one(autojump_clock):
    began = trio.current_time()
    known, _said = await greeted({"initialize": TOLD})
    assert not is_modern(known) and PROBE_SECONDS <= trio.current_time() - began < PROBE_SECONDS + 1


async def test_a_newer_one_that_was_slow_to_start_is_known_when_it_refuses(autojump_clock):
    known, _said = await greeted({"server/discover": FOUND, "initialize": NO}, late=PROBE_SECONDS + 1)
    assert is_modern(known)


async def test_one_that_takes_neither_says_why(autojump_clock):
    known, _said = await greeted({"server/discover": NO, "initialize": NO})
    assert known.result is json_rpc.UNSET and known.error is not json_rpc.UNSET
