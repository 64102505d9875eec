"""JSON-RPC envelopes: what is read of them, and that the rest passes as it came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge import json_rpc
from mapsrv.errors import BadRequest, MalformedJson

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ids = st.integers() | st.text()


@given(ids, st.text(min_size=1), json_values, st.sampled_from([None, 0, 1, 4]))
def test_what_is_inside_passes_whatever_it_is_and_however_it_is_written(id_, method, params, indent):
    value = {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
    line = json_rpc.line(json_rpc.parse(json.dumps(value, indent=indent).encode()))
    assert json.loads(line) == value and b"\n" not in line and b"\r" not in line


@given(ids, json_values)
def test_answers_and_failures_are_read_as_they_were_made(id_, value):
    answer = json_rpc.parse(json_rpc.line(json_rpc.answer(id_, value)))
    assert answer.is_answer and not answer.is_request and answer.id == id_
    assert json.loads(bytes(answer.result)) == value
    failed = json_rpc.parse(json_rpc.line(json_rpc.failure(None, -32603, "It died.", value)))
    assert failed.is_answer and failed.id is None and json.loads(bytes(failed.error))["message"] == "It died."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": NaN}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": "\xff"}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}',
    ],
)
def test_what_is_not_json_in_utf_8_is_refused(body):
    with pytest.raises(MalformedJson):
        json_rpc.parse(body)


@pytest.mark.parametrize(
    "value",
    [
        1,
        [{"jsonrpc": "2.0", "method": "x"}],
        {},
        {"id": 1, "method": "x"},
        {"jsonrpc": "1.0", "id": 1, "method": "x"},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": None, "method": "x"},
        {"jsonrpc": "2.0", "id": {}, "method": "x"},
        {"jsonrpc": "2.0", "id": 1, "method": "x", "result": {}},
        {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}},
        {"jsonrpc": "2.0", "result": {}},
    ],
)
def test_what_is_no_message_is_refused(value):
    with pytest.raises(BadRequest):
        json_rpc.parse(json.dumps(value).encode())
