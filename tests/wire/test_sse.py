"""Frames are what their readers make of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.wire.sse import comment, frame
from tests.kit.sse import Message, parse

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)


@settings(deadline=None)
@given(WORDS.filter(bool), st.binary(max_size=40), WORDS, st.integers(0, 99_999))
def test_a_frame_is_read_back(event: str, data: bytes, id: str, retry: int) -> None:
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert parse(frame(event, data, id=id, retry=retry)) == [Message(event, plain, id, retry)]


def test_a_frame_without_id_has_none() -> None:
    assert frame("ping", b"{}") == b"event: ping\ndata: {}\n\n"
    assert frame("a", b"1\r\n2") == b"event: a\ndata: 1\ndata: 2\n\n"


def test_comments_are_skipped() -> None:
    assert (comment(), comment("still here")) == (b":\n\n", b": still here\n\n")
    assert parse(comment(), comment("x"), frame("a", b"1")) == [Message("a", b"1", "", None)]
