"""Between callers and a child: whoever asks, with whatever ids, in whatever order: to each its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.multiplexer.request_ids import MAX_CALLS
from mapsrv.bridge.multiplexer.tool_filter import Tools
from mapsrv.errors import TooMany
from tests.bridge.kit.table import Table, junk


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1, 2, "1", "a", 1.5])), max_size=40),
    st.randoms(use_true_random=False),
)
async def test_every_answer_goes_to_its_asker_under_its_own_id(asked, rng):
    table = Table(3)
    for number, (caller, id_) in enumerate(asked):
        await table.ask(caller, id=id_, method="tools/call", params={"n": number})
    at_child = table.sent[:]
    assert len({message["id"] for message in at_child}) == len(asked)
    rng.shuffle(at_child)
    for message in at_child:
        table.says(id=message["id"], result=message["params"])
    for caller in range(3):
        expected = [(id_, n) for n, (who, id_) in enumerate(asked) if who == caller]
        assert (
            sorted(((m["id"], m["result"]["n"]) for m in table.heard(caller)), key=lambda pair: pair[1])
            == expected
        )
    assert not table.multiplexer.calls.numbers and not any(port.calls for port in table.ports)


async def test_progress_goes_to_whose_token_it_is_though_two_have_the_same():
    table = Table(2)
    for caller in (0, 1):
        await table.ask(caller, id=7, method="tools/call", params={"_meta": {"progressToken": "t", "x": 1}})
    first, second = (message["params"]["_meta"]["progressToken"] for message in table.sent)
    assert first != second and table.sent[0]["params"]["_meta"]["x"] == 1
    table.says(method="notifications/progress", params={"progressToken": second, "progress": 1})
    [(message, about)] = table.got[table.ports[1]]
    assert message["params"] == {"progressToken": "t", "progress": 1} and about == 7
    assert not table.heard(0)
    for token in (99, [1], None):
        table.says(method="notifications/progress", params={"progressToken": token, "progress": 1})
    assert len(table.heard(1)) == 1 and not table.heard(0)


async def test_a_cancelled_call_is_cancelled_at_the_child_and_its_late_answer_goes_nowhere():
    table = Table(2)
    for caller in (0, 1):
        await table.ask(caller, id=1, method="tools/call")
    await table.ask(1, method="notifications/cancelled", params={"requestId": 1, "reason": "enough"})
    assert table.sent[-1]["params"] == {"requestId": table.sent[1]["id"], "reason": "enough"}
    table.says(id=table.sent[1]["id"], result={})
    table.says(id=table.sent[0]["id"], result={})
    assert not table.heard(1) and len(table.heard(0)) == 1
    await table.ask(1, method="notifications/cancelled", params={"requestId": 5})
    assert len(table.sent) == 3, "what it never asked it cannot cancel"


async def test_what_the_child_asks_goes_to_whom_it_works_for_and_only_that_one_may_answer():
    table = Table(2)
    await table.ask(1, id=1, method="tools/call")
    table.says(id="q", method="sampling/createMessage", params={})
    assert [message["id"] for message in table.heard(1)] == ["q"] and not table.heard(0)
    await table.ask(0, id="q", result={"stolen": True})
    await table.ask(1, id="q", result={"mine": True})
    await table.ask(1, id="q", result={"twice": True})
    assert [message.get("result") for message in table.sent[1:]] == [{"mine": True}]


async def test_a_question_that_could_be_for_several_is_refused():
    table = Table(2)
    for caller in (0, 1):
        await table.ask(caller, id=1, method="tools/call")
    table.says(id=5, method="roots/list")
    refused = table.sent[-1]
    assert refused["id"] == 5 and "for whom" in refused["error"]["message"]
    assert not table.heard(0) and not table.heard(1)


@pytest.mark.parametrize(
    ("method", "params", "heard"),
    [
        ("notifications/tools/list_changed", None, [True, True]),
        ("notifications/resources/updated", {"uri": "file:///a"}, [True, False]),
        ("notifications/message", {"data": "secret"}, [False, True]),
    ],
)
async def test_a_notification_goes_to_those_whom_it_concerns(method, params, heard):
    table = Table(2)
    await table.ask(0, id=1, method="resources/subscribe", params={"uri": "file:///a"})
    table.says(id=table.sent[0]["id"], result={})
    await table.ask(1, id=2, method="tools/call")
    for got in table.got.values():
        got.clear()
    table.says(method=method, **({} if params is None else {"params": params}))
    assert [bool(table.heard(caller)) for caller in (0, 1)] == heard


def test_what_is_no_message_is_counted_and_goes_nowhere():
    table = Table(1)
    before = junk()
    for line in (b"Server started", b"{}", b'{"jsonrpc":"2.0","id":9,"result":{}}', b"\xff"):
        table.multiplexer.from_child(line)
    assert junk() - before == 4 and not table.heard(0)


async def test_when_the_child_is_gone_every_call_is_answered_at_once():
    table = Table(2)
    await table.ask(0, id=1, method="tools/call")
    await table.ask(1, id=1, method="tools/list")
    table.multiplexer.fail(ChildEnded("It was ended by SIGKILL."))
    for caller in (0, 1):
        [message] = table.heard(caller)
        assert message["id"] == 1 and "SIGKILL" in message["error"]["message"]
    assert not table.multiplexer.calls.numbers


async def test_who_left_gets_nothing_more_and_too_many_calls_are_refused():
    table = Table(1)
    for number in range(MAX_CALLS):
        await table.ask(0, id=number, method="tools/call")
    with pytest.raises(TooMany):
        await table.ask(0, id="more", method="tools/call")
    table.ports[0].leave()
    told = [message["params"]["requestId"] for message in table.sent[MAX_CALLS:]]
    assert told == [message["id"] for message in table.sent[:MAX_CALLS]], "the child need not work for it"
    table.says(id=table.sent[0]["id"], result={})
    assert not table.heard(0) and not table.multiplexer.calls.numbers


async def test_a_resource_is_unsubscribed_when_the_last_who_hears_of_it_asks_or_leaves():
    table = Table(3)
    for caller in range(3):
        await table.ask(caller, id=1, method="resources/subscribe", params={"uri": "file:///a"})
    await table.ask(0, id=2, method="resources/unsubscribe", params={"uri": "file:///a"})
    assert len(table.sent) == 3 and table.heard(0) == [{"jsonrpc": "2.0", "id": 2, "result": {}}]
    table.says(method="notifications/resources/updated", params={"uri": "file:///a"})
    assert len(table.heard(0)) == 1 and len(table.heard(1)) == 1
    for message in table.sent[:]:
        table.says(id=message["id"], result={})
    table.ports[1].leave()
    assert len(table.sent) == 3
    table.ports[2].leave()
    assert (table.sent[3]["method"], table.sent[3]["params"]) == (
        "resources/unsubscribe",
        {"uri": "file:///a"},
    )


@pytest.mark.parametrize(
    ("tools", "seen"),
    [
        (Tools(), ["read_file", "write_file", "list"]),
        (Tools(allow=frozenset({"read_*"})), ["read_file"]),
        (Tools(deny=frozenset({"write_file"})), ["read_file", "list"]),
        (Tools(frozenset({"*_file"}), frozenset({"write_*"})), ["read_file"]),
    ],
)
async def test_a_tool_that_is_held_back_is_neither_listed_nor_called(tools, seen):
    table = Table(1, tools)
    names = ["read_file", "write_file", "list"]
    await table.ask(0, id=1, method="tools/list")
    table.says(id=1, result={"tools": [{"name": name} for name in names], "nextCursor": "x"})
    assert table.heard(0)[0]["result"] == {"tools": [{"name": name} for name in seen], "nextCursor": "x"}
    for name in names:
        await table.ask(0, id=name, method="tools/call", params={"name": name, "arguments": {}})
    assert [message["params"]["name"] for message in table.sent[1:]] == seen
    refused = {message["id"]: message["error"] for message in table.heard(0)[1:]}
    assert sorted(refused) == sorted(set(names) - set(seen))
    assert all(error == {"code": -32602, "message": f"Unknown tool: {n}"} for n, error in refused.items())
