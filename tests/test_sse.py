"""The parser that tests read streams by: any split of the bytes parses alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.errors import TooLarge
from tests.kit.sse import Message, Parser, parse

LINES = st.lists(
    st.sampled_from(
        [b"data: a", b"data", b"data:", b"data:  b", b"event: x", b"id: 1", b"id: \0", b"id", b"retry: 9"]
        + [b"retry: x", b": note", b"other: 1", b"", b"", b"\xff"]
    ),
    max_size=20,
)


@settings(deadline=None)
@given(st.booleans(), LINES, st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=20), st.data())
def test_any_split_of_the_bytes_parses_alike(
    bom: bool, lines: list[bytes], ends: list[bytes], data: st.DataObject
) -> None:
    body = b"\xef\xbb\xbf" * bom + b"".join(line + end for line, end in zip(lines, ends, strict=False))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=10)))
    parts = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert parse(*parts) == parse(body) == parse(*(bytes([byte]) for byte in body))


def test_the_stream_of_the_standard_is_read() -> None:
    body = b": hi\n\ndata: YHOO\ndata: +2\ndata: 10\n\ndata\n\ndata\ndata\n\n"
    body += b"data:test\nid: 7\n\ndata: a\n\nid\ndata:b\n\n"
    assert parse(body) == [
        Message("message", b"YHOO\n+2\n10", "", None),
        Message("message", b"", "", None),
        Message("message", b"\n", "", None),
        Message("message", b"test", "7", None),
        Message("message", b"a", "7", None),
        Message("message", b"b", "", None),
    ]


@pytest.mark.parametrize(
    "whole", [b"\xef\xbb\xbfdata: a\r\n\r\n", b"data: a\r\rretry: x\nother: 1\nid: \0\n\n"]
)
def test_a_stream_may_come_byte_by_byte(whole: bytes) -> None:
    parts = [part for byte in whole for part in (bytes([byte]), b"")]
    assert parse(*parts) == parse(whole) == [Message("message", b"a", "", None)]


def test_an_unfinished_message_is_none() -> None:
    assert parse(b"data: a\n") == []
    assert parse(b"event: x\n\n") == []


def test_a_retry_alone_counts_with_the_next_message() -> None:
    assert parse(b"retry: 5\n\ndata: a\n\n") == [Message("message", b"a", "", 5)]


def test_a_message_without_end_is_refused_before_it_fills_memory() -> None:
    for endless in (b"x" * 10, b"data: x\n"):
        parser = Parser(max_message=100)
        with pytest.raises(TooLarge):
            for _ in range(101):
                parser.feed(endless)
