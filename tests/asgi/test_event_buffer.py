"""A mailbox gives what was put in, in order, once, and again to who lost it; a room bounds several."""

from __future__ import annotations

import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.asgi.event_buffer import EACH_BYTES, KEPT_BYTES, MAX_BYTES, EventBuffer, Reader, Room
from mapsrv.bridge.children.child import MAX_LINE


def rest(reader: Reader) -> list[tuple[int, bytes]]:
    found = []
    while (entry := reader.next()) is not None:
        found.append(entry)
        reader.sent(entry[0])
    return found


@given(st.lists(st.one_of(st.binary(max_size=5), st.sampled_from("rla"), st.integers(-1, 12)), max_size=40))
def test_it_reads_as_a_list_does_whoever_comes_and_leaves(steps):
    room = Room()
    box, put, sent = EventBuffer(room), list[bytes](), 0
    reader = box.attach()
    for step in steps:
        match step:
            case bytes():
                box.put(step)
                put.append(step)
            case "r":
                expected = (sent + 1, put[sent]) if sent < len(put) else None
                assert reader.next() == (expected if box.reader is reader else None)
                if box.reader is reader and expected:
                    reader.sent(sent + 1)
                    sent += 1
            case "l":
                reader.leave()
            case "a":
                reader = box.attach()
            case int():
                again = box.attach_after(step)
                assert (again is not None) == (0 <= step <= sent)
                sent, reader = (step, again) if again else (sent, reader)
        size = sum(len(body) + EACH_BYTES for body in put)
        assert room.unread + room.kept == size and (box.reader or not room.unread)
    assert rest(box.attach()) == [(n, put[n - 1]) for n in range(sent + 1, len(put) + 1)]
    box.discard()
    assert (room.unread, room.kept, room._keepers) == (0, 0, {})


def test_what_was_sent_is_kept_within_bounds_over_all_boxes_the_oldest_goes_first():
    room, part = Room(), b"x" * (KEPT_BYTES // 4)
    boxes = [EventBuffer(room) for _ in range(3)]
    for _ in range(5):
        for box in boxes:
            box.put(part)
            rest(box.reader or box.attach())
    assert room.kept <= KEPT_BYTES
    assert not boxes[0].attach_after(3) and boxes[2].attach_after(4)
    assert [number for number, _body in rest(boxes[2].attach_after(4))] == [5]


def test_one_large_answer_is_kept_for_who_comes_back():
    room = Room()
    box, other = EventBuffer(room), EventBuffer(room)
    for one in (other, box):
        one.put(b"x" * MAX_LINE)
    assert room.kept == MAX_LINE + EACH_BYTES
    assert len(rest(box.attach())) == 1 and not rest(other.attach())


def test_a_reader_who_does_not_read_overflows_the_room_whichever_box_it_is():
    room, part = Room(), b"x" * (MAX_BYTES // 4 - EACH_BYTES)
    boxes = [EventBuffer(room) for _ in range(5)]
    for box in boxes:
        assert not room.overflowed
        box.attach().next()
        box.put(part)
    assert room.overflowed


def test_what_is_on_its_way_is_unread_until_it_is_sent():
    room = Room()
    box = EventBuffer(room)
    reader = box.attach()
    box.put(b"abc")
    assert reader.next() == reader.next() == (1, b"abc") and room.unread == 3 + EACH_BYTES
    reader.sent(1)
    reader.sent(1)
    assert room.unread == 0 and room.kept == 3 + EACH_BYTES


def test_who_was_taken_over_from_reads_no_more_and_confuses_nothing():
    box = EventBuffer(Room())
    old = box.attach()
    box.put(b"a")
    new = box.attach()
    assert old.over and old.next() is None
    old.sent(1)
    old.leave()
    assert new.next() == (1, b"a") and not new.over


async def test_who_waits_is_told_of_news_and_of_the_end_and_of_a_take_over(autojump_clock):
    box = EventBuffer(Room())
    reader = box.attach()
    for change in (lambda: box.put(b"a"), box.attach, lambda: box.put(b"b"), box.close):
        reader = reader if box.reader is reader else box.attach()
        rest(reader)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reader.wait)
            await trio.testing.wait_all_tasks_blocked()
            assert nursery.child_tasks
            change()
    with trio.fail_after(1):
        await box.attach().wait()
    assert box.drained


def test_the_largest_message_of_a_child_has_room():
    assert MAX_BYTES >= 3 * (MAX_LINE + EACH_BYTES)
