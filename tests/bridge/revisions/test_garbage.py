"""Whatever a child says, nothing of ours breaks: an error there would end all that hear the same child."""

from __future__ import annotations

import json
from typing import Any

import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.revisions import LegacyClient
from mapsrv.bridge.revisions.input_required import InputRequired
from mapsrv.bridge.revisions.listen_at_legacy import ListenAtLegacy
from mapsrv.bridge.revisions.modern_at_modern import ModernAtModern
from mapsrv.bridge.revisions.modern_call import ModernCall, ModernRequest
from mapsrv.bridge.revisions.vocabulary import SUBSCRIPTION, URIS

ODD = st.sampled_from([None, [], {}, "", "x", 0, 1, 2.5, True, "input_required", "complete", ["a"], {"a": 1}])
WORDS = st.sampled_from(
    "_meta resultType inputRequests requestState uri notifications progressToken requestId level mode".split()
)
METAS = st.dictionaries(st.sampled_from([SUBSCRIPTION, "progressToken"]), st.integers(1, 4) | ODD, max_size=2)
INSIDE = st.dictionaries(
    WORDS, ODD | METAS | st.dictionaries(st.text(max_size=2), ODD, max_size=2), max_size=4
)
METHODS = st.sampled_from(
    "ping elicitation/create roots/list notifications/progress notifications/message notifications/cancelled"
    " notifications/resources/updated notifications/tools/list_changed"
    " notifications/subscriptions/acknowledged".split()
)
QUESTION = st.fixed_dictionaries({"method": METHODS | ODD, "params": INSIDE | ODD})
ASKS = st.fixed_dictionaries(
    {
        "resultType": st.just("input_required"),
        "inputRequests": st.dictionaries(st.text(max_size=2), QUESTION | ODD),
    }
)
SAYS = st.one_of(
    st.fixed_dictionaries({"id": st.integers(1, 4), "result": ASKS}),
    st.fixed_dictionaries({"id": st.integers(1, 4), "result": INSIDE | ODD}),
    st.fixed_dictionaries({"id": st.integers(1, 4), "error": INSIDE | ODD}),
    st.fixed_dictionaries({"method": METHODS, "params": INSIDE | ODD}),
    st.fixed_dictionaries({"id": st.sampled_from([1, "q"]), "method": METHODS, "params": INSIDE}),
)
BEYOND = b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1e999}}'


class Deaf:
    async def send(self, line: bytes) -> None:
        json.loads(line)
        await trio.lowlevel.checkpoint()

    def send_soon(self, line: bytes) -> None:
        json.loads(line)


async def hear(multiplexer: Multiplexer, said: list[dict[str, Any]]) -> None:
    for message in said:
        multiplexer.from_child(json.dumps({"jsonrpc": "2.0", **message}).encode())
        await trio.testing.wait_all_tasks_blocked()
    multiplexer.from_child(BEYOND)


@given(st.lists(SAYS, max_size=8))
@settings(max_examples=150, deadline=None)
async def test_a_newer_clients_calls_outlive_what_a_child_says(said):
    multiplexer, pending_input = Multiplexer(Deaf()), InputRequired()
    able = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}, "progressToken": "t"}
    asked = json_rpc.request("c", "tools/call", {"name": "x"})
    calls: list[Any] = [
        ModernCall(multiplexer.join, "tools/call", {"_meta": {"progressToken": "t"}}, None, pending_input),
        ModernAtModern(multiplexer.join, asked),
        ListenAtLegacy(multiplexer.join, {"toolsListChanged": True, URIS: ["a"]}),
    ]
    async with trio.open_nursery() as nursery:
        for call in calls:
            await call.begin(ModernRequest("c", able))
            nursery.start_soon(call.reply)
        await hear(multiplexer, said)
        nursery.cancel_scope.cancel()
    for call in calls:
        call.leave()


@given(st.booleans(), st.lists(SAYS, max_size=8))
@settings(max_examples=150, deadline=None)
async def test_an_older_clients_place_outlives_what_a_child_says(newer, said):
    got: list[Message] = []
    multiplexer = Multiplexer(Deaf())
    async with trio.open_nursery() as nursery:
        port = LegacyClient(multiplexer.join, lambda message, about: got.append(message), nursery)
        await port.send(json_rpc.request("i", "initialize", {"protocolVersion": "2025-11-25"}))
        if newer:
            found = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {"listChanged": True}}}
            await hear(multiplexer, [{"id": 1, "error": {"code": -1}}, {"id": 2, "result": found}])
            await port.send(json_rpc.notification("notifications/initialized"))
            await port.send(json_rpc.request("c", "tools/call", {"name": "x"}))
        await hear(multiplexer, said)
        port.leave()
        nursery.cancel_scope.cancel()
    assert all(json_rpc.line(message) for message in got)
