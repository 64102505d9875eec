"""What a feed has heard, within bounds: letters cost the maps nothing, and what is lost is said."""

from __future__ import annotations

from mapsrv.store.redis.news_queue import MAX_LETTER_BYTES, MAX_LETTERS, MAX_NEWS, NewsQueue
from mapsrv.store.shared import Letter, Live, Missed


async def read(queue: NewsQueue, count: int) -> list[object]:
    return [await queue.next() for _ in range(count)]


async def test_a_storm_of_letters_takes_no_room_of_the_maps_and_hides_no_news(autojump_clock: object) -> None:
    queue = NewsQueue()
    for _ in range(3 * MAX_LETTERS):
        queue.put_letter(b"letter")
    for number in range(MAX_NEWS):
        queue.put(Live("s1", b"%d" % number))
    heard = await read(queue, MAX_LETTERS + MAX_NEWS)
    assert heard == [Letter(b"letter")] * MAX_LETTERS + [Live("s1", b"%d" % n) for n in range(MAX_NEWS)]


async def test_letters_are_bounded_in_bytes_too(autojump_clock: object) -> None:
    queue, large = NewsQueue(), bytes(MAX_LETTER_BYTES // 4 + 1)
    for _ in range(10):
        queue.put_letter(large)
    assert await read(queue, 3) == [Letter(large)] * 3
    queue.put_letter(large)
    assert await queue.next() == Letter(large), "what was read makes room"


async def test_news_that_finds_no_room_is_told_as_missed_once(autojump_clock: object) -> None:
    queue = NewsQueue()
    for number in range(MAX_NEWS + 5):
        queue.put(Live("s1", b"%d" % number))
    queue.put_letter(b"letter")
    assert await queue.next() == Missed()
    assert await read(queue, 2) == [Live("s1", b"0"), Live("s1", b"1")]
    queue.put(Live("s1", b"again"))
    rest = await read(queue, MAX_NEWS)
    assert rest[-2:] == [Letter(b"letter"), Live("s1", b"again")] and Missed() not in rest
