"""What waits for a child: in order, bounded, and over when it is closed."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.bridge.children.stdin_writer import MAX_BYTES, StdinWriter


def full(data: bytes) -> int:
    """A pipe that takes nothing."""
    return 0


async def test_what_the_pipe_takes_at_once_is_not_kept_and_nothing_overtakes_the_rest():
    pipe, room = b"", 6

    def write(data: bytes) -> int:
        nonlocal pipe, room
        taken, room = data[:room], max(0, room - len(data))
        pipe += taken
        return len(taken)

    box = StdinWriter(write)
    for line in (b"one", b"two", b"three"):
        await box.put(line)
    assert pipe == b"one\ntw" and await box.take() == b"o\nthree\n"
    room = 100
    await box.put(b"four")
    assert pipe == b"one\ntw", "what was taken is on its way still"
    assert await box.take() == b"four\n"
    with trio.move_on_after(0):
        await box.take()
    await box.put(b"five")
    assert pipe == b"one\ntwfive\n"


async def test_lines_come_out_together_in_their_order():
    box = StdinWriter(full)
    for line in (b"1", b"2", b"3"):
        await box.put(line)
    assert await box.take() == b"1\n2\n3\n"


async def test_who_sends_too_much_waits_until_it_is_taken_but_one_line_always_fits(nursery):
    box = StdinWriter(full)
    await box.put(b"x" * (MAX_BYTES + 1))
    assert not box.put_nowait(b"more")
    nursery.start_soon(box.put, b"more")
    await wait_all_tasks_blocked()
    assert len(await box.take()) == MAX_BYTES + 2
    await wait_all_tasks_blocked()
    assert await box.take() == b"more\n"


async def test_a_closed_one_takes_in_nothing_and_lets_nobody_wait(nursery):
    box, over = StdinWriter(full), []

    async def ended(call, *args):
        with pytest.raises(trio.ClosedResourceError):
            await call(*args)
        over.append(call)

    nursery.start_soon(ended, box.take)
    await wait_all_tasks_blocked()
    box.close()
    await wait_all_tasks_blocked()
    crowded = StdinWriter(full)
    await crowded.put(b"x" * MAX_BYTES)
    nursery.start_soon(ended, crowded.put, b"y")
    await wait_all_tasks_blocked()
    crowded.close()
    await wait_all_tasks_blocked()
    assert over == [box.take, crowded.put]
