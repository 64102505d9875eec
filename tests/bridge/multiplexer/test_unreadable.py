"""An answer that no parser takes fails its call, and nobody else's; what is none fails nobody."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge import json_rpc
from mapsrv.bridge.multiplexer.tool_filter import Tools
from mapsrv.bridge.multiplexer.unreadable import MOST_BYTES, MOST_TOKENS, answered
from mapsrv.errors import MapsrvError
from tests.bridge.kit.table import Table, junk

LINE_SECONDS = 1.0  # for the worst line of 4 MiB: a hundred times what it takes

DEEP = b"[" * 200_000 + b"]" * 200_000
OBJECTS = b'{"id":2,"result":' * 100_000 + b"1" + b"}" * 100_000

ids = st.integers(1, 4)
INSIDE = ['"id": 3, "result"', '{"id":2,"result":{}}', "\\"]
words = st.sampled_from(["id", "result", "error", "method", "x", *INSIDE])
leaves = st.none() | ids | words | st.just(1e400) | st.just(float("nan"))
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=9,
)
objects = st.lists(st.tuples(words, values), max_size=5)


def written(members: list[tuple[str, Any]], indent: str) -> str:
    """Return an object as JSON, whose names may be there twice."""
    return "{" + ",".join(f"{indent}{json.dumps(key)}:{json.dumps(value)}" for key, value in members) + "}"


def expected(members: list[tuple[str, Any]]) -> list[int]:
    """Return whom an object answers, by the rule, as a parser that takes anything sees it."""
    keys, found = {key for key, _ in members}, [value for key, value in members if key == "id"]
    answers = "method" not in keys and keys & {"result", "error"} and len(found) == 1
    return found if answers and type(found[0]) is int else []


@given(st.lists(objects, max_size=3), st.sampled_from(["", " "]), st.booleans())
def test_the_outermost_members_alone_say_whom_a_line_answers(line, space, marked):
    text = space.join(written(members, space) for members in line)
    found = answered(b"\xef\xbb\xbf" * marked + text.encode())
    assert found == [number for members in line for number in expected(members)]


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b'"', b"\\", b"{", b"[", b"}", b":", b'"id":1,'])))
def test_any_bytes_are_looked_at_without_a_fault(line):
    answered(line if isinstance(line, bytes) else b"".join(line))


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":2,"result":' + DEEP + b"}",
        b'{"result":' + DEEP + b',"jsonrpc":"2.0","id":2}',
        b'{"result":' + OBJECTS + b', "id": 2, "jsonrpc": "2.0" }\r',
        b'{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"\xff"}}',
        b'{"jsonrpc":"2.0","id":2,"result":{"n":NaN}}',
        b'{"jsonrpc":"2.0","id":2,"result":"' + b"\xff" * MOST_BYTES + b'"}',
        b'{"jsonrpc":"2.0","result":"' + b"\xff" * MOST_BYTES + b'","id":2}',
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":2,"result":{}}',
        b'{"id":2,"result":{}}',
        b'{"jsonrpc":"2.0","id":2,"result":{},"error":{}}',
        b'{"jsonrpc":"2.0","id":2,"result":{"cut":[1,',
        b'{"jsonrpc":"2.0","id":2,"result":{}}{"jsonrpc":"2.0","id":77,"result":{}}',
    ],
    ids=lambda line: repr(line[:40] + b".." + line[-20:]),
)
async def test_an_answer_that_cannot_be_read_fails_its_call_and_no_other(line):
    table = Table(3)
    for caller in range(3):
        await table.ask(caller, id=9, method="tools/call")
    before = junk()
    table.multiplexer.from_child(line)
    [failed] = table.heard(1)
    assert failed["id"] == 9 and failed["error"]["data"]["code"] == "unreadable_answer"
    assert f"{len(line):,} bytes" in failed["error"]["message"]
    assert not table.heard(0) and not table.heard(2) and table.multiplexer.calls.numbers == [1, 3]
    assert junk() - before == 1


@pytest.mark.parametrize(
    "line",
    [
        b'INFO answered {"jsonrpc":"2.0","id":2,"result":{}}',
        b'{"jsonrpc":"2.0","id":7,"result":{"n":NaN,"id":2,"result":{}}}',
        b'{"jsonrpc":"2.0","result":{"n":NaN,"text":"\\"id\\":2,\\"result\\":{}}"}}',
        b'{"jsonrpc":"2.0","id":2,"method":"x","params":{"n":NaN,"result":1}}',
        b'{"jsonrpc":"2.0","id":2,"id":3,"result":NaN}',
        b'{"jsonrpc":"2.0","id":"2","result":NaN}',
        b'{"jsonrpc":"2.0","id":2.5,"result":NaN}',
        b'{"jsonrpc":"2.0","id":2}',
        b'[{"jsonrpc":"2.0","id":2,"result":NaN}]',
        b'"id":2,"result":{}',
        b'{"jsonrpc":"2.0","method":"x","params":' + DEEP + b',"id":2}',
        b'{"jsonrpc":"2.0","id":7,"result":' + DEEP + b',"id":2}',
        b'{"jsonrpc":"2.0","id":2',
    ],
    ids=lambda line: repr(line[:50]),
)
async def test_a_line_that_is_no_answer_is_counted_and_fails_nobody(line):
    table = Table(3)
    for caller in range(3):
        await table.ask(caller, id=9, method="tools/call")
    before = junk()
    assert "no JSON-RPC message" in (table.multiplexer.from_child(line) or "")
    assert junk() - before == 1 and table.multiplexer.calls.numbers == [1, 2, 3]


@given(objects)
async def test_a_line_that_was_looked_at_fails_at_most_whom_it_answers(members):
    """Whatever else it says: read by a parser, or by its bytes, it is about the same call."""
    table = Table(4)
    for caller in range(4):
        await table.ask(caller, id=9, method="tools/call")
    line = written([("jsonrpc", "2.0"), *members], "").encode()
    table.multiplexer.from_child(line)
    left = set(table.multiplexer.calls.numbers)
    try:
        json_rpc.parse(line)
    except MapsrvError:
        assert {1, 2, 3, 4} - left == set(expected(members)) & {1, 2, 3, 4}


@pytest.mark.parametrize(
    "part", [b'\\"', b'"', b"{}", b"[]", b'{"', b'"id":', b" ", b'"x":1,', b"\\"], ids=lambda part: repr(part)
)
@pytest.mark.parametrize("begin", [b'{"result":', b'{"result":"', b'{"id"', b'{"x":[' + b"[]," * MOST_TOKENS])
def test_no_line_takes_long(begin, part):
    line = begin + part * (4 * 2**20 // len(part))
    began = time.monotonic()
    answered(line)
    assert time.monotonic() - began < LINE_SECONDS


async def test_a_list_of_tools_is_cut_whatever_stands_in_a_tool():
    table = Table(1, Tools(deny=frozenset({"write_*"})))
    await table.ask(0, id=1, method="tools/list")
    tools = b'[{"name":"write_x","n":1e999},{"n":1e999,"name":"read_x"},7]'
    table.multiplexer.from_child(b'{"jsonrpc":"2.0","id":1,"result":{"tools":%s,"n":1e999}}' % tools)
    told = table.raw[0]
    assert b"write_x" not in told and b'{"n":1e999,"name":"read_x"}' in told


async def test_an_answer_that_cannot_be_converted_fails_its_call():
    table = Table(1)
    await table.ask(0, id=1, method="tools/call")

    def deliver(message: json_rpc.Message, about: Any) -> None:
        if message.error is json_rpc.UNSET:
            raise RecursionError
        told.append(about)

    told: list[Any] = []
    table.ports[0].deliver = deliver
    table.says(id=1, result={})
    assert told == [1] and not table.multiplexer.calls.numbers
