"""What is said between the revisions, as bytes: what both know passes unchanged, and only that."""

from __future__ import annotations

import json
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import methods

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions import handshake, legacy_to_modern, modern_to_legacy
from mapsrv.bridge.revisions.listen_at_modern import ListenAtModern
from mapsrv.bridge.revisions.vocabulary import ACKNOWLEDGED, CANCELLED, LISTEN, SUBSCRIPTION, UPDATED, outer

KEYS = st.text(max_size=5).filter(lambda key: key not in ("_meta", "inputResponses", "requestState"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
METAS = st.dictionaries(st.text(max_size=5), VALUES, max_size=3)
CLIENT = legacy_to_modern.Client({"name": "c", "version": "1"}, {"sampling": {}}, "2025-06-18", "error")


def back(value: Any) -> Any:
    return json.loads(bytes(json_rpc.raw(value)))


@given(OBJECTS, METAS)
def test_params_go_up_and_come_down_as_they_were(params, meta):
    whole = {**params, **({"_meta": meta} if meta else {})}
    went = back(CLIENT.params_up(outer(json_rpc.raw(whole))))
    assert went["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert back(modern_to_legacy.params_down(outer(json_rpc.raw(went)))) == whole


@given(OBJECTS, METAS, st.sampled_from(["tools/list", "tools/call", "resources/read", "x/y"]))
def test_results_go_up_and_come_down_as_they_were(result, meta, method):
    whole = {**result, **({"_meta": meta} if meta else {})}
    went = back(modern_to_legacy.result_up(method, outer(json_rpc.raw(whole)), {"name": "s", "version": "1"}))
    assert went["resultType"] == "complete" and ("ttlMs" in went) == (method not in ("tools/call", "x/y"))
    assert back(legacy_to_modern.result_down(method, outer(json_rpc.raw(went)))) == whole


def test_what_is_said_for_a_child_is_what_the_sdk_takes():
    able = {"tools": {"listChanged": True}, "resources": {"subscribe": True}, "tasks": {}}
    info = {"name": "s", "version": "1"}
    told = {"protocolVersion": "2025-11-25", "capabilities": able, "serverInfo": info, "instructions": "Hi."}
    found = back(modern_to_legacy.discovered(outer(json_rpc.raw(told))))
    methods.validate_server_result("server/discover", "2026-07-28", found)
    assert found["instructions"] == "Hi." and "tasks" not in found["capabilities"]
    again = back(legacy_to_modern.initialized(outer(json_rpc.raw(found)), "2025-06-18"))
    methods.validate_server_result("initialize", "2025-06-18", again)
    assert again == {**told, "protocolVersion": "2025-06-18", "capabilities": found["capabilities"]}
    assert (
        back(legacy_to_modern.initialized(outer(json_rpc.raw(found)), "2020-01-01"))["protocolVersion"]
        == "2025-11-25"
    )
    methods.validate_client_request("server/discover", "2026-07-28", back(handshake.discover_params()))
    methods.validate_client_request("initialize", "2025-11-25", handshake.initialize_params())


def test_an_address_to_visit_has_an_id_in_the_older_revision_alone():
    question = {"method": "elicitation/create", "params": {"mode": "url", "url": "http://x", "message": "m"}}
    asked = legacy_to_modern.question_down(question, "q1")
    params = outer(asked.params)
    methods.parse_server_request("elicitation/create", "2025-11-25", back(params))
    assert back(modern_to_legacy.question_up("elicitation/create", params)) == question


@pytest.mark.parametrize(
    ("capabilities", "params", "may"),
    [
        ({}, {}, False),
        ({"elicitation": {}}, {}, True),
        ({"elicitation": {"url": {}}}, {}, False),
        ({"elicitation": {}}, {"mode": "url"}, False),
        ({"elicitation": {"url": {}}}, {"mode": "url"}, True),
        ({"elicitation": "yes"}, {}, False),
    ],
)
def test_a_client_is_asked_only_what_it_says_it_can_answer(capabilities, params, may):
    assert modern_to_legacy.may_be_asked("elicitation/create", params, capabilities) is may


def test_what_is_no_object_is_none():
    for raw in (b"[]", b"1", b'"x"', b"null"):
        assert outer(json_rpc.msgspec.Raw(raw)) == {}
    assert types.LATEST_PROTOCOL_VERSION == "2026-07-28", "a newer revision: see what it asks for"


class Heard:
    """A ListenAtModern, and what a child that acknowledges is asked."""

    def __init__(self) -> None:
        self.listen = ListenAtModern({"toolsListChanged": True})
        self.open: dict[str, dict[str, Any]] = {}  # the streams that the child has, and what they want
        self.told: list[dict[str, Any]] = []

    def child_hears(self) -> list[str]:
        """Have the child take what was sent; returns the new streams."""
        new = []
        for message in self.listen.to_child:
            params = json.loads(bytes(message.params))  # type: ignore[arg-type]
            if message.method == LISTEN:
                self.open[str(message.id)] = params["notifications"]
                new.append(str(message.id))
            else:
                assert message.method == CANCELLED
                del self.open[params["requestId"]]
        self.listen.to_child.clear()
        return new

    def says(self, stream: str, method: str, **params: Any) -> None:
        told = {**params, "_meta": {SUBSCRIPTION: 7}}
        self.listen.from_child(json_rpc.notification(method, told), stream)

    def client(self) -> list[dict[str, Any]]:
        told = [json.loads(json_rpc.line(message)) for message in self.listen.to_client]
        self.listen.to_client.clear()
        return told


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=12), st.data())
def test_one_stream_is_left_that_wants_what_the_client_does(steps, data):
    heard, wanted, waiting = Heard(), set(), []
    heard.listen.begin()
    waiting += heard.child_hears()
    for number, (more, uri) in enumerate(steps):
        (heard.listen.subscribe if more else heard.listen.unsubscribe)(number, uri)
        (wanted.add if more else wanted.discard)(uri)
        waiting += heard.child_hears()
        while waiting and data.draw(st.booleans()):
            stream = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
            heard.says(stream, ACKNOWLEDGED, notifications=heard.open[stream])
            heard.child_hears()
    for stream in waiting:
        heard.says(stream, ACKNOWLEDGED, notifications=heard.open[stream])
        heard.child_hears()
    [(stream, filters)] = heard.open.items()
    assert filters["toolsListChanged"] and set(filters.get("resourceSubscriptions", [])) == wanted
    answered = [message["id"] for message in heard.client()]
    assert sorted(answered) == list(range(len(steps)))
    heard.says(stream, UPDATED, uri="a")
    assert heard.client() == [{"jsonrpc": "2.0", "method": UPDATED, "params": {"uri": "a"}}]


def test_a_resource_that_the_server_does_not_tell_of_is_refused():
    heard = Heard()
    heard.listen.subscribe(1, "a")
    [stream] = heard.child_hears()
    heard.says(stream, ACKNOWLEDGED, notifications={"toolsListChanged": True})
    assert "does not tell" in heard.client()[0]["error"]["message"]
    heard.listen.subscribe(2, "b")
    [stream] = heard.child_hears()
    assert heard.open[stream]["resourceSubscriptions"] == ["b"]
    heard.listen.from_child(
        Message("2.0", id=stream, error=json_rpc.raw({"code": -1, "message": "no"})), stream
    )
    assert heard.client()[0]["error"] == {"code": -1, "message": "no"}


def test_when_the_child_is_started_anew_it_is_listened_to_again():
    heard = Heard()
    heard.listen.begin()
    [stream] = heard.child_hears()
    heard.says(stream, ACKNOWLEDGED, notifications={})
    heard.listen.from_child(json_rpc.failure(stream, -32603, "gone", {"code": "child_ended"}), stream)
    assert heard.child_hears() == ["mapsrv/listen/2"]
