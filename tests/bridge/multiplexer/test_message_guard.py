"""What is judged is what is passed on: no parser, however lenient, reads something else from it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge import json_rpc
from mapsrv.bridge.multiplexer.tool_filter import Tools
from mapsrv.bridge.revisions.legacy_at_modern import LegacyAtModern
from mapsrv.bridge.revisions.legacy_to_modern import Client
from mapsrv.errors import BadRequest
from tests.bridge.kit.table import Table

NO_WRITING = Tools(deny=frozenset({"write_*"}))
Parser = Callable[[str], Any]
Fold = Callable[[str], str]


def parser(fold: Fold, first: bool) -> Parser:
    """Return a parser that compares names by `fold` and takes the first or the last of several."""

    def of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict((fold(key), value) for key, value in (reversed(pairs) if first else pairs))

    return lambda text: json.loads(text, object_pairs_hook=of_pairs)


FOLDS: list[Fold] = [
    str,
    str.lower,
    str.casefold,
    lambda name: name.partition("\0")[0],
    lambda name: unicodedata.normalize("NFKC", name).casefold(),
]
PARSERS = [parser(fold, first) for fold in FOLDS for first in (False, True)]


def read(line: bytes, *path: str) -> list[Any]:
    """Return what each parser finds there in a line that a child got."""
    found = []
    for parse in PARSERS:
        value = parse(line.decode())
        for name in path:
            value = next((value[key] for key in (name, name.lower()) if key in value), {})
        found.append(value)
    return found


NAMES = ["name", "Name", "NAME", "na\\u006de", "\\uff4e\\uff41\\uff4d\\uff45", "name\\u0000", "x"]
values = st.sampled_from(['"read_x"', '"write_x"', "1", "null", '["write_x"]', "{}", "1e999"])
params = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=4).map(
    lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
)
METHODS = ['"tools/call"', '"TOOLS/call"', '"x"']
outer = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["params", "Params", "p\\u0061rams"]), params),
        st.tuples(st.sampled_from(["method", "Method"]), st.sampled_from(METHODS)),
        st.tuples(st.sampled_from(["id", "ID"]), st.sampled_from(["1", '"2"'])),
    ),
    max_size=6,
)


@given(outer, st.booleans())
async def test_no_parser_reads_the_call_of_a_denied_tool_whatever_a_caller_writes(members, more):
    table = Table(1, NO_WRITING)
    body = ",".join(f'"{key}":{value}' for key, value in [("jsonrpc", '"2.0"'), *members])
    try:
        await table.send_raw(0, "{" + body + "}")
    except BadRequest:
        pass
    for line in table.lines:
        methods = {str(method).lower() for method in read(line, "method")}
        assert len(methods) == 1
        if methods == {"tools/call"}:
            assert set(read(line, "params", "name")) == {"read_x"}


@pytest.mark.parametrize(
    "params",
    [
        '{"name": "read_x", "Name": "write_x"}',
        '{"Name": "write_x", "name": "read_x"}',
        '{"name": "read_x", "name": "write_x"}',
        '{"name": "write_x", "name": "read_x"}',
        '{"name": "read_x", "name": "read_x"}',
        '{"name": "read_x", "n\\u0061me": "write_x"}',
        '{"name": "read_x", "\\uff2e\\uff21\\uff2d\\uff25": "write_x"}',
        '{"name": "read_x", "name\\u0000": "write_x"}',
        '{"Name": "write_x"}',
        '{"name": ["write_x"]}',
        '{"name": null}',
        "{}",
        '["write_x"]',
        '{"name": "read_x", %s}' % ", ".join(f'"{n}": 0' for n in range(1000)),
    ],
)
async def test_a_call_that_does_not_name_one_tool_once_is_refused(params):
    table = Table(1, NO_WRITING)
    await table.send_raw(0, '{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": %s}' % params)
    [refused] = table.heard(0)
    assert not table.sent and refused["id"] == 7 and refused["error"]["code"] == -32602


async def test_what_is_inside_of_arguments_is_the_tools_own_business():
    table = Table(1, NO_WRITING)
    arguments = '{"name": "write_x", "Name": 1, "n": 1e999, "name": 2}'
    params = '{"name": "read_x", "arguments": %s}' % arguments
    await table.send_raw(0, '{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": %s}' % params)
    assert not table.heard(0) and arguments.encode() in table.lines[0]


@pytest.mark.parametrize("id_", ["", '"id": 1, '])
@pytest.mark.parametrize(
    "method",
    ["tools/call", "Tools/Call", "tools/call\\u0000", "notifications/cancelled", "notifications/Cancelled"],
)
async def test_a_method_that_decides_something_is_written_as_it_is_and_as_what_it_is(method, id_):
    """Some children do a tool's call that has no id: nothing would judge it."""
    table = Table(1, NO_WRITING)
    params = '{"name": "write_x", "requestId": 1}'
    body = '{"jsonrpc": "2.0", %s"method": "%s", "params": %s}' % (id_, method, params)
    right = method == ("tools/call" if id_ else "notifications/cancelled")
    if right:
        await table.send_raw(0, body)
    else:
        with pytest.raises(BadRequest):
            await table.send_raw(0, body)
    assert not table.sent


@pytest.mark.parametrize("more", ['"RequestId": 2', '"requestId": 2', '"request\\u0049d": 2'])
async def test_nobody_cancels_the_call_of_another_by_a_second_spelling(more):
    table = Table(2)
    for caller in (0, 1):
        await table.ask(caller, id=1, method="tools/call")
    cancel = '{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {%s, "requestId": 1}}'
    with pytest.raises(BadRequest):
        await table.send_raw(0, cancel % more)
    assert len(table.sent) == 2


@pytest.mark.parametrize("more", ['"URI": "file:///b"', '"uri": "file:///b"'])
@pytest.mark.parametrize("what", ["subscribe", "unsubscribe"])
async def test_nobody_ends_the_subscription_of_another_by_a_second_spelling(what, more):
    table = Table(2)
    await table.ask(1, id=1, method="resources/subscribe", params={"uri": "file:///b"})
    body = '{"jsonrpc": "2.0", "id": 2, "method": "resources/%s", "params": {%s, "uri": "file:///a"}}'
    await table.send_raw(0, body % (what, more))
    assert len(table.sent) == 1 and table.heard(0)[0]["error"]["code"] == -32602


TOKENS = ["progressToken", "progress\\u0054oken", "PROGRESSTOKEN", "progre\\u017f\\u017fToken", "x"]
tokens = st.lists(st.tuples(st.sampled_from(TOKENS), st.sampled_from(["1", '"t"', "null"])), max_size=3).map(
    lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
)
metas = st.lists(st.tuples(st.sampled_from(["_meta", "_Meta", "\\u005fmeta", "x"]), tokens), max_size=3)


@given(metas)
async def test_no_parser_reads_the_progress_token_of_another(members):
    table = Table(2)
    await table.ask(1, id=1, method="tools/call", params={"_meta": {"progressToken": "t"}})
    params = ",".join(f'"{key}":{value}' for key, value in members)
    await table.send_raw(0, '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {%s}}' % params)
    for line in table.lines[1:]:
        found = read(line, "params", "_meta", "progressToken")
        assert all(token in ({}, None, json.loads(line)["id"]) for token in found)


async def test_a_conversion_between_revisions_drops_no_second_name_but_refuses_it():
    told: list[dict[str, Any]] = []
    port: Any = None  # nothing gets that far
    client = Client.of({})
    newer = LegacyAtModern(
        port, lambda message, about: told.append(json.loads(json_rpc.line(message))), port, client, {}
    )
    call = b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "a", "Name": "b"}}'
    await newer.from_client(json_rpc.parse(call))
    assert [(answer["id"], answer["error"]["code"]) for answer in told] == [(7, -32602)]
    with pytest.raises(BadRequest):
        await newer.from_client(
            json_rpc.parse(b'{"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "a"}}')
        )
