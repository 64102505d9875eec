"""What a child says beside its messages: so much of it is logged, and what is left out is counted."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge.children.child_log import LINES, MOST_BYTES, WINDOW_SECONDS, ChildLog

CR = b"\r"
said = st.lists(
    st.one_of(st.binary(max_size=9), st.integers(0, 3 * MOST_BYTES).map(lambda n: b"x" * n)), max_size=250
).map(b"\n".join)


class Logged(logging.Handler):
    """The lines that a log has got."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    @property
    def left_out(self) -> int:
        """How many lines it says that it has not got."""
        counts = (re.search(r": (\d+) lines \(\d+ bytes\) were left out", line) for line in self.lines)
        return sum(int(found[1]) for found in counts if found)


@pytest.fixture
def logged() -> Iterator[Logged]:
    handler, log = Logged(), logging.getLogger("mapsrv.bridge")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


@given(data=said, cuts=st.lists(st.integers(0, 10**6), max_size=9))
def test_every_line_is_logged_or_counted_wherever_the_bytes_are_cut(data, cuts):
    handler, log = Logged(), logging.getLogger("mapsrv.bridge")
    log.addHandler(handler)
    log.setLevel(logging.INFO)

    async def main() -> None:  # noqa: ASYNC124 (for its clock)
        child = ChildLog("it")
        places = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
        for a, b in zip(places, places[1:]):
            child.feed(data[a:b])
        child.close()

    trio.run(main, clock=trio.testing.MockClock())
    log.removeHandler(handler)
    lines = [line for line in data.split(b"\n") if line.strip()]
    own = [line for line in handler.lines if line.startswith("it: ") and "left out" not in line]
    assert len(handler.lines) <= LINES
    if len(lines) <= LINES - 2 and not handler.left_out:
        assert own == [shown(line) for line in lines]
    else:  # an empty line that was not looked at counts
        assert len(own) == LINES - 2
        assert len(lines) <= len(own) + handler.left_out <= data.count(b"\n") + 1


def shown(line: bytes) -> str:
    """Return how a line is logged where there is room."""
    more = f"... and {len(line) - MOST_BYTES:,} bytes more" if len(line) > MOST_BYTES else ""
    return f"it: {line[:MOST_BYTES].rstrip(CR).decode(errors='replace')}{more}"


async def test_a_flood_costs_a_hundred_lines_a_second_and_the_log_says_how_much_was_left_out(
    logged, autojump_clock
):
    child = ChildLog("it")
    for _second in range(3):
        before = len(logged.lines)
        for number in range(1000):
            child.feed(b"line %d\n" % number)
        assert len(logged.lines) - before == LINES - (_second == 0)
        await trio.sleep(WINDOW_SECONDS)
    child.close()
    own = [line for line in logged.lines if line.startswith("it: line")]
    assert len(own) == 3 * (LINES - 2) and logged.left_out == 3000 - len(own)
    child.feed(b"and again\n")
    assert logged.lines[-1] == "it: and again", "after a pause all is as before"


async def test_what_is_said_elsewhere_counts_as_much(logged, autojump_clock):  # noqa: ASYNC124
    child = ChildLog("it")
    for _ in range(LINES):
        child.feed(b"one\n")
        child.say("wrote another")
    assert len(logged.lines) == LINES - 1
    child.close()
    assert logged.left_out == 2 * LINES - (LINES - 2)


@pytest.mark.parametrize("ends", [b"\n", b""])
async def test_of_a_long_line_the_beginning_is_logged_and_the_rest_is_not_held(  # noqa: ASYNC124
    ends, logged, autojump_clock
):
    child = ChildLog("it")
    for _ in range(1000):
        child.feed(b"x" * 65_536)
    assert not logged.lines and len(child._head) == MOST_BYTES
    child.feed(ends)
    child.close()
    assert logged.lines == [f"it: {'x' * MOST_BYTES}... and {65_536_000 - MOST_BYTES:,} bytes more"]


async def test_empty_lines_and_carriage_returns_are_no_news(logged, autojump_clock):  # noqa: ASYNC124
    child = ChildLog("it")
    child.feed(b"\n \r\n\r\na\xff\r\n\n")
    child.close()
    assert logged.lines == ["it: a\ufffd"]
