"""What pods need of a store that may lose maps: alike of the real one and of the model in tests/hub."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import trio

from mapsrv.core.log import Head, Position
from mapsrv.errors import StoreUnavailable
from mapsrv.store import Batch, Component, Done, Entry, KeyRecord, Moved, Ok
from mapsrv.store.memory import MemoryStore
from mapsrv.store.redis import open_redis
from mapsrv.store.shared import Committed, Letter, Seed, SharedStore
from tests.hub.kit.history import History
from tests.hub.kit.shared import SharedMemory

CAME_FROM = (Position("old", 7, "0123abcd"), Position("older", 3, "89abcdef"))


class NoHistory(History):
    """Seeds come from nowhere here."""

    def begin(self, head: Head) -> None: ...

    def add(self, after: Head, entry: Entry) -> None: ...

    def begin_anew(self, seed: Seed) -> None: ...


@pytest.fixture
def model() -> SharedMemory:
    return SharedMemory(MemoryStore(), history=NoHistory())


@pytest.fixture(params=["model", "redis"])
async def shared(request: pytest.FixtureRequest, model: SharedMemory) -> AsyncIterator[SharedStore]:
    if request.param == "model":
        yield model
        return
    async with open_redis(request.getfixturevalue("redis").url) as store:
        yield store


@pytest.fixture
def empty(request: pytest.FixtureRequest, shared: SharedStore, model: SharedMemory) -> Callable[[], object]:
    """What has the store lose everything."""
    if shared is model:
        return model.lose_everything
    return lambda: request.getfixturevalue("redis").do("FLUSHALL")


def seed(expect: Head | None = None, epoch: str = "new") -> Seed:
    head = Head(epoch, 7, Head.of_epoch(epoch).hash)
    keys = tuple(KeyRecord(f"k{n}", f"print{n}", b'{"n":1}', Head("old", n, bytes(32))) for n in range(3))
    parts = {"title": Component(b'"Lakes"'), "layer:a": Component(b"{}", ("ab" * 32,))}
    return Seed("s1", expect, head, parts, keys, CAME_FROM)


def after(head: Head, key: str) -> Batch:
    record = KeyRecord(key, f"print of {key}", b"{}", head.next(key, b"{}"))
    return Batch("s1", head, (Entry(b"{}", record),))


async def test_a_seed_is_loaded_as_it_was_given(shared):
    given = seed()
    assert await shared.seed(given)
    stored = await shared.load("s1")
    assert (stored.head, stored.base, stored.log) == (given.head, given.head, ())
    assert stored.components == {name: part.value for name, part in given.components.items()}
    assert (stored.keys, stored.came_from) == (given.keys, CAME_FROM)
    assert await shared.exists("s1") and await shared.heads(["s1"]) == {"s1": given.head}


async def test_a_seeded_session_goes_on_and_knows_its_keys(shared):
    given = seed()
    await shared.seed(given)
    batch = after(given.head, "k9")
    assert await shared.commit([after(given.head, "k1")]) == [Done((given.keys[1],))]
    assert await shared.commit([after(Head.of_epoch("old"), "k8")]) == [Moved(given.head)]
    assert await shared.commit([batch]) == [Ok()]
    stored = await shared.load("s1")
    assert (stored.log, stored.base, stored.came_from) == (batch.entries, given.head, CAME_FROM)
    assert stored.keys == (*given.keys, batch.entries[0].record)


async def test_who_is_behind_is_told_what_came_since(shared, history):
    made, late = history.of("s1"), history.of("s1")
    await shared.create("s1", made.head, now=1)
    first, rest = made.take("a", "b"), made.take("c")
    await shared.commit([first, rest])
    everything = (*first.entries, *rest.entries)
    assert await shared.commit([late.batch("x")]) == [Moved(made.head, everything)]
    late.take("a")
    assert await shared.commit([late.batch("x")]) == [Moved(made.head, everything[1:])]
    assert await shared.commit([late.batch()]) == [Moved(made.head, everything[1:])]


async def test_who_is_of_another_history_is_told_no_news(shared, history):
    made = history.of("s1")
    await shared.create("s1", made.head, now=1)
    await shared.commit([made.take("a", "b")])
    other, ahead = history.of("s1"), history("s1", replace(made.head, revision=9))
    other.take("z")
    for elsewhere in (other, ahead, history("s1", replace(made.head, epoch="another"))):
        assert await shared.commit([elsewhere.batch("x")]) == [Moved(made.head)]


async def test_who_is_behind_the_log_is_told_no_news(shared, history, monkeypatch):
    monkeypatch.setattr("mapsrv.core.log.MAX_EVENTS", 2)
    made, late = history.of("s1"), history.of("s1")
    await shared.create("s1", made.head, now=1)
    late.take("a")
    first = made.take("a")
    await shared.commit([first])
    rest = made.take("b", "c")
    await shared.commit([rest])
    assert await shared.commit([late.batch("x")]) == [Moved(made.head, rest.entries)], "it begins here"
    assert await shared.commit([history.of("s1").batch("x")]) == [Moved(made.head)]


async def test_only_the_first_of_two_seeds_is_taken(shared):
    assert await shared.seed(seed(epoch="first"))
    assert not await shared.seed(seed(epoch="second"))
    assert (await shared.load("s1")).head.epoch == "first"


async def test_a_seed_replaces_only_the_history_that_it_expects(shared, history):
    made = history.of("s1")
    assert not await shared.seed(seed(made.head)), "nothing is there"
    await shared.create("s1", made.head, now=1)
    before = made.head
    parts = {"camera": Component(b"{}"), "title": Component(b"1")}
    await shared.commit([made.take("a", "b", components=parts)])
    for wrong in (before, None, replace(made.head, epoch="other"), replace(made.head, hash=bytes(32))):
        assert not await shared.seed(seed(wrong))
    assert (await shared.load("s1")).head == made.head
    assert await shared.seed(seed(made.head))
    stored = await shared.load("s1")
    assert (stored.head.epoch, stored.log, len(stored.keys)) == ("new", (), 3)
    assert stored.components == {"title": b'"Lakes"', "layer:a": b"{}"}


async def test_a_session_that_was_never_begun_anew_came_from_nowhere(shared, history):
    await shared.create("s1", history.of("s1").head, now=1)
    assert (await shared.load("s1")).came_from == ()


async def test_heads_are_told_of_each_that_is_asked(shared, history):
    made = history.of("s1")
    await shared.create("s1", made.head, now=1)
    await shared.commit([made.take("a")])
    assert await shared.heads(["s1", "s2"]) == {"s1": made.head, "s2": None}
    assert await shared.heads([]) == {}


async def test_a_store_is_the_same_until_it_is_emptied(shared, empty):
    first = await shared.identity()
    assert first and await shared.identity() == first
    await shared.seed(seed())
    empty()
    assert await shared.identity() != first
    assert await shared.load("s1") is None and await shared.heads(["s1"]) == {"s1": None}


async def test_the_first_secret_stays_until_the_store_is_emptied(shared, empty):
    assert await shared.secret(b"of a") == b"of a"
    assert await shared.secret(b"of b") == b"of a"
    empty()
    assert await shared.secret(b"of b") == b"of b"


async def test_after_a_loss_what_is_not_there_is_unavailable_and_all_else_goes_on(shared, empty):
    assert await shared.load("s1") is None and not await shared.exists("s1")
    await shared.note_loss()
    for ask in (shared.load, shared.exists):
        with pytest.raises(StoreUnavailable):
            await ask("s1")
    assert await shared.heads(["s1"]) == {"s1": None}
    assert await shared.seed(seed())
    assert (await shared.load("s1")).head == seed().head and await shared.exists("s1")
    empty()
    assert await shared.load("s1") is None, "the note is lost too"


async def test_a_seed_is_no_news(shared):
    async with shared.open_feed() as feed:
        await feed.watch("s1")
        await shared.seed(seed())
        batch = after(seed().head, "k9")
        await shared.commit([batch])
        with trio.fail_after(10):
            while not isinstance(news := await feed.next(), Committed):
                pass
    assert news == Committed("s1", batch.entries[0])


async def test_a_letter_reaches_the_one_process_that_it_is_posted_to(shared):
    async with shared.open_feed() as one, shared.open_feed() as other:
        assert one.pod != other.pod and re.fullmatch("[0-9a-f]{16}", one.pod)
        with trio.fail_after(10):
            while not await one.post(other.pod, b"first"):  # noqa: ASYNC110
                await trio.sleep(0.01)  # until its line is there
            assert await one.post(other.pod, b"second")
            while not isinstance(news := await other.next(), Letter):
                pass
            assert (news, await other.next()) == (Letter(b"first"), Letter(b"second"))
        assert not await one.post("0" * 15 + "f", b"to nobody")
    with trio.fail_after(10):
        async with shared.open_feed() as late:
            assert not await late.post(one.pod, b"to one that has ended")


async def test_a_parcel_is_left_once_where_it_is_due_and_collected_once(shared):
    assert not await shared.admit("token"), "nobody waits for it"
    await shared.expect("token")
    assert await shared.collect("token") is None
    assert await shared.admit("token") and not await shared.admit("token")
    await shared.leave("token", b"\x89PNG")
    assert not await shared.admit("token"), "it is there"
    assert await shared.collect("token") == b"\x89PNG" and await shared.collect("token") is None
