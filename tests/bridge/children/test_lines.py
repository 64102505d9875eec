"""Lines are cut alike however their bytes come, and of what was said the last is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge.children.lines import KEPT_BYTES, Lines, LongLine, Tail

text = st.lists(
    st.binary(max_size=9).filter(lambda line: b"\n" not in line and line.strip(b"\r")), max_size=9
)


@given(text, st.lists(st.integers(0, 60), max_size=9))
def test_lines_are_cut_alike_wherever_the_bytes_are(lines, cuts):
    data = b"".join(line + b"\r\n\n" for line in lines)
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    cutter = Lines(100)
    found = [line for a, b in zip(places, places[1:]) for line in cutter.feed(data[a:b])]
    assert found == [line.rstrip(b"\r") for line in lines if line.strip()]


@pytest.mark.parametrize("parts", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"ok\n" + b"x" * 11 + b"\n"]])
def test_a_line_that_is_too_long_is_refused_before_it_is_whole(parts):
    cutter = Lines(10)
    with pytest.raises(LongLine):
        for part in parts:
            list(cutter.feed(part))


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_what_fits_is_kept_whole(parts):
    tail = Tail()
    for part in parts:
        tail.add(part)
    assert tail.text == b"".join(parts).decode(errors="replace")


def test_of_more_the_last_is_kept():
    tail = Tail()
    for number in range(100_000):
        tail.add(b"%06d\n" % number)
    assert len(tail.text) == KEPT_BYTES and tail.last == "099999" and len(tail._parts) < 10_000
    tail.add(b"x" * (2 * KEPT_BYTES))
    assert tail.text == "x" * KEPT_BYTES
    assert Tail().last == ""
