"""What every store promises. A new one joins in conftest.STORES and changes nothing here."""

from __future__ import annotations

import pytest
import trio

from mapsrv.core.log import MAX_BYTES, MAX_EVENTS, MAX_KEYS
from mapsrv.store import Component, Done, Moved, Ok, Store, StoredSession, Unknown, loose

BLOB = "ab" * 32
OTHER = "cd" * 32

# Those that forget when sweep() says so, by the caller's clock. Redis forgets by its own: see
# test_redis_lifetimes.py.
sweeps = pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)


async def begin(store: Store, history, session_id: str = "s1", now: float = 100.0):
    made = history.of(session_id)
    assert await store.create(session_id, made.head, now=now)
    return made


async def test_a_created_session_is_empty_and_stands_at_the_head_of_its_epoch(store, history):
    made = await begin(store, history)
    assert await store.load("s1") == StoredSession(made.head, {}, made.head, (), ())
    assert await store.exists("s1")


async def test_an_id_is_created_once_and_the_first_stays(store, history):
    made = await begin(store, history)
    assert not await store.create("s1", history.of("other").head, now=1)
    assert (await store.load("s1")).head == made.head


async def test_a_session_never_created_is_not_there(store):
    assert await store.load("s1") is None
    assert not await store.exists("s1")


async def test_what_was_committed_is_read_back_exactly(store, history):
    made = await begin(store, history)
    title = {"title": Component(b'"A"', (BLOB,))}
    first = made.take("k1", "k2", blobs=(OTHER, BLOB, OTHER), components=title)
    second = made.take("k3", components={"layer:x": Component(b"{}")})
    assert await store.commit([first]) == [Ok()]
    assert await store.commit([second]) == [Ok()]
    entries = first.entries + second.entries
    assert await store.load("s1") == StoredSession(
        head=made.head,
        components={"title": b'"A"', "layer:x": b"{}"},
        base=first.after,
        log=entries,
        keys=tuple(entry.record for entry in entries),
    )


async def test_a_component_is_replaced_and_taken_away(store, history):
    made = await begin(store, history)
    both = {"title": Component(b"1"), "camera": Component(b"1")}
    await store.commit([made.take("k1", components=both)])
    changes = {"title": Component(b"2"), "camera": Component(None), "never": Component(None)}
    await store.commit([made.take("k2", components=changes)])
    assert (await store.load("s1")).components == {"title": b"2"}


async def test_any_text_is_kept_as_it_is(store, history):
    made = await begin(store, history, "s'); DROP TABLE sessions;--\x00é")
    batch = made.take("k\x01'é🗺", components={"layer:'\x00é": Component(b"\x00\xff")})
    assert await store.commit([batch]) == [Ok()]
    stored = await store.load(made.session_id)
    assert stored.log == batch.entries
    assert stored.components == {"layer:'\x00é": b"\x00\xff"}


async def test_a_batch_for_a_session_that_is_not_there_is_unknown(store, history):
    assert await store.commit([history.of("s1").take("k1")]) == [Unknown()]
    assert not await store.exists("s1")


async def test_a_key_that_is_there_is_done_and_nothing_of_the_batch_is_written(store, history):
    made = await begin(store, history)
    first = made.take("k1", "k2")
    await store.commit([first])
    before = await store.load("s1")
    again = made.batch("k3", "k2", "k1", components={"title": Component(b"x")})
    assert await store.commit([again]) == [Done((first.entries[1].record, first.entries[0].record))]
    assert await store.load("s1") == before


async def test_done_is_said_before_moved(store, history):
    made = await begin(store, history)
    first = made.take("k1")
    await store.commit([first])
    assert await store.commit([first]) == [Done((first.entries[0].record,))]


@pytest.mark.parametrize("change", ["epoch", "revision", "hash"])
async def test_a_batch_after_another_head_is_moved_and_nothing_is_written(store, history, change):
    made = await begin(store, history)
    await store.commit([made.take("k1")])
    before = await store.load("s1")
    wrong = history("s1", made.head)
    other = {"epoch": "another", "revision": 7, "hash": bytes(32)}
    wrong.head = type(made.head)(**{**{k: getattr(made.head, k) for k in other}, change: other[change]})
    refused = wrong.batch("k2", components={"title": Component(b"x")})
    assert await store.commit([refused]) == [Moved(made.head)]
    assert await store.load("s1") == before


async def test_an_empty_batch_asks_and_writes_nothing(store, history):
    made = await begin(store, history)
    await store.commit([made.take("k1")])
    before = await store.load("s1")
    assert await store.commit([made.batch()]) == [Ok()]
    (outcome,) = await store.commit([history.of("s1").batch()])
    assert isinstance(outcome, Moved) and outcome.head == made.head
    assert await store.commit([history.of("nobody").batch()]) == [Unknown()]
    assert await store.load("s1") == before


async def test_a_key_belongs_to_its_session_alone(store, history):
    one, two = await begin(store, history, "s1"), await begin(store, history, "s2")
    assert await store.commit([one.take("k1"), two.take("k1")]) == [Ok(), Ok()]


async def test_a_refused_batch_in_the_middle_hinders_no_other(store, history):
    made = [await begin(store, history, f"s{i}") for i in range(7)]
    done = made[1].take("k1")
    await store.commit([done])
    made[5].head = history.of("nonsense").head
    batches = [m.take("k1", "k2", components={"title": Component(b"t")}) for m in made]
    batches[3] = history.of("nobody").take("k1")
    outcomes = await store.commit(batches)
    there, moved = Done((done.entries[0].record,)), Moved(history.of("s5").head)
    assert outcomes == [Ok(), there, Ok(), Unknown(), Ok(), moved, Ok()]
    assert [(await store.load(f"s{i}")).head.revision for i in range(7)] == [2, 1, 2, 0, 2, 0, 2]


async def test_no_batches_are_no_outcomes(store):
    assert await store.commit([]) == []


async def test_a_thousand_sessions_commit_at_once(store, history):
    made = [history.of(f"s{i}") for i in range(1_000)]

    async def live(one) -> None:
        await store.create(one.session_id, one.head, now=1)
        assert await store.commit([one.take("k1", components={"title": Component(b"t")})]) == [Ok()]

    async with trio.open_nursery() as nursery:
        for one in made:
            nursery.start_soon(live, one)
    for one in made:
        assert (await store.load(one.session_id)).head == one.head


async def test_of_rivals_after_the_same_head_one_wins(store, history):
    made = await begin(store, history)
    outcomes = []

    async def rival(key: str) -> None:
        outcomes.extend(await store.commit([made.batch(key)]))

    async with trio.open_nursery() as nursery:
        for i in range(50):
            nursery.start_soon(rival, f"k{i}")
    assert outcomes.count(Ok()) == 1
    assert sum(isinstance(outcome, Moved) for outcome in outcomes) == 49
    assert len((await store.load("s1")).log) == 1


async def test_a_call_that_was_cancelled_before_it_began_changes_nothing(store, history):
    made = await begin(store, history)
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.commit([made.batch("k1")])
    assert scope.cancelled_caught
    assert (await store.load("s1")).log == ()


async def test_the_newest_events_are_kept_and_their_base_is_known(store, history):
    made = await begin(store, history)
    heads = [made.head]
    while made.head.revision < MAX_EVENTS + 300:
        batch = made.take(*(f"k{made.head.revision + i}" for i in range(200)))
        heads += [entry.record.head for entry in batch.entries]
        assert await store.commit([batch]) == [Ok()]
    stored = await store.load("s1")
    assert len(stored.log) == MAX_EVENTS
    assert [entry.record.head for entry in stored.log] == heads[-MAX_EVENTS:]
    assert stored.base == heads[-MAX_EVENTS - 1]
    assert len(stored.keys) == len(heads) - 1


async def test_the_log_is_bounded_in_bytes_too(store, history):
    made = await begin(store, history)
    size = MAX_BYTES // 4
    for i in range(6):
        await store.commit([made.take(f"k{i}", size=size)])
    stored = await store.load("s1")
    assert [entry.record.key for entry in stored.log] == ["k2", "k3", "k4", "k5"]
    assert stored.base == stored.keys[1].head
    await store.commit([made.take("k6", size=1)])
    assert [entry.record.key for entry in (await store.load("s1")).log] == ["k3", "k4", "k5", "k6"]


async def test_an_event_larger_than_the_log_leaves_it_empty_and_the_base_at_the_head(store, history):
    made = await begin(store, history)
    await store.commit([made.take("k1")])
    await store.commit([made.take("k2", size=MAX_BYTES + 1)])
    stored = await store.load("s1")
    assert (stored.log, stored.base, stored.head) == ((), made.head, made.head)
    assert await store.commit([made.take("k3")]) == [Ok()]
    assert [entry.record.key for entry in (await store.load("s1")).log] == ["k3"]


async def test_the_newest_keys_are_remembered_and_older_ones_are_not(store, history):
    made = await begin(store, history)
    while made.head.revision < MAX_KEYS + 250:
        await store.commit([made.take(*(f"k{made.head.revision + i}" for i in range(250)))])
    stored = await store.load("s1")
    assert [record.key for record in stored.keys] == [f"k{i}" for i in range(250, MAX_KEYS + 250)]
    assert await store.commit([made.batch("k250")]) == [Done((stored.keys[0],))]
    assert await store.commit([made.batch("k249")]) == [Ok()]


@pytest.mark.parametrize("size", [0, 1, 512 * 1024, 512 * 1024 + 1, 16 * 1024 * 1024])
async def test_a_blob_comes_back_as_it_went_in(store, size):
    body = bytes(range(251)) * (size // 251 + 1)
    await store.put_blob(BLOB, body[:size], now=1)
    assert await store.get_blob(BLOB) == body[:size]
    assert await store.get_blob(OTHER) is None


async def test_blobs_written_at_once_come_back_whole(store):
    bodies = {f"{i:064x}": bytes([i]) * 1_500_000 for i in range(8)}
    async with trio.open_nursery() as nursery:
        for name, body in [*bodies.items(), *bodies.items()]:
            nursery.start_soon(lambda n=name, b=body: store.put_blob(n, b, now=1))
    for name, body in bodies.items():
        assert await store.get_blob(name) == body


async def test_only_a_blob_that_is_there_is_renewed(store):
    assert not await store.renew_blob(BLOB, now=1)
    await store.put_blob(BLOB, b"x", now=1)
    assert await store.renew_blob(BLOB, now=2)


@sweeps
@pytest.mark.parametrize("how", ["put", "renew"])
async def test_a_sweep_spares_a_blob_renewed_since(store, how):
    await store.put_blob(BLOB, b"x" * 600_000, now=10)
    if how == "put":
        await store.put_blob(BLOB, b"x" * 600_000, now=50)
    else:
        await store.renew_blob(BLOB, now=50)
    await store.renew_blob(BLOB, now=20)  # a clock set back ages nothing
    assert await store.sweep(before=50) == (0, 0)
    assert await store.sweep(before=51) == (0, 1)
    assert await store.get_blob(BLOB) is None


@sweeps
async def test_a_swept_blob_can_be_written_again(store):
    await store.put_blob(BLOB, b"x" * 1_200_000, now=10)
    assert await store.sweep(before=11) == (0, 1)
    assert not await store.renew_blob(BLOB, now=20)
    await store.put_blob(BLOB, b"x" * 1_200_000, now=10)
    assert await store.get_blob(BLOB) == b"x" * 1_200_000


@sweeps
async def test_a_sweep_spares_what_a_component_names_until_it_no_longer_does(store, history):
    made = await begin(store, history)
    await store.put_blob(BLOB, b"x", now=1)
    await store.commit([made.take("k1", components={"layer:a": Component(b"{}", (BLOB,))})])
    assert await store.sweep(before=99) == (0, 0)
    await store.commit([made.take("k2", components={"layer:b": Component(b"{}", (BLOB,))})])
    await store.commit([made.take("k3", components={"layer:a": Component(None)})])
    assert await store.sweep(before=99) == (0, 0)
    await store.commit([made.take("k4", components={"layer:b": Component(b"{}", (OTHER,))})])
    assert await store.sweep(before=99) == (0, 1)


@sweeps
async def test_a_sweep_spares_what_a_kept_event_names_until_it_falls_out(store, history):
    made = await begin(store, history)
    await store.put_blob(BLOB, b"x", now=1)
    await store.commit([made.take("k1", blobs=(BLOB,))])
    await store.commit([made.take("k2", size=MAX_BYTES - 2)])
    assert await store.sweep(before=99) == (0, 0)
    await store.commit([made.take("k3")])
    assert await store.sweep(before=99) == (0, 1)


@sweeps
async def test_a_refused_batch_refers_to_nothing(store, history):
    made = await begin(store, history)
    await store.put_blob(BLOB, b"x", now=1)
    wrong = history("s1", history.of("x").head)
    await store.commit([wrong.batch("k1", blobs=(BLOB,), components={"title": Component(b"", (BLOB,))})])
    assert made.head.revision == 0
    assert await store.sweep(before=99) == (0, 1)


@sweeps
async def test_a_sweep_forgets_old_sessions_that_were_never_changed(store, history):
    for i in range(250):
        await begin(store, history, f"old{i}", now=10)
    await begin(store, history, "new", now=50)
    changed = await begin(store, history, "changed", now=10)
    await store.commit([changed.take("k1")])
    assert await store.sweep(before=50) == (250, 0)
    assert not await store.exists("old0")
    assert await store.exists("new") and await store.exists("changed")
    await begin(store, history, "old0")


@sweeps
async def test_a_sweep_of_many_blobs_spares_those_in_use(store, history):
    made = await begin(store, history)
    names = [f"{i:064x}" for i in range(1_200)]
    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(lambda n=name: store.put_blob(n, b"x", now=1))
    await store.commit([made.take("k1", components={"layer:a": Component(b"{}", tuple(names[::3]))})])
    assert await store.sweep(before=99) == (0, 800)
    assert await store.get_blob(names[0]) == b"x" and await store.get_blob(names[1]) is None
    assert await store.sweep(before=99) == (0, 0)


@sweeps
async def test_of_many_bytes_that_nothing_names_the_oldest_leave_earlier(store, history, monkeypatch):
    monkeypatch.setattr(loose, "MAX_LOOSE", 2_500_000)
    made = await begin(store, history)
    names = [f"{i:064x}" for i in range(7)]
    for now, name in enumerate(names):
        await store.put_blob(name, bytes(1_000_000), now=now)
    await store.commit(
        [made.take("k1", blobs=(names[0],), components={"layer:a": Component(b"{}", (names[1],))})]
    )
    await store.renew_blob(names[2], now=50)

    async def left() -> list[int]:
        return [n for n, name in enumerate(names) if await store.get_blob(name) is not None]

    assert await store.sweep(before=0, crowded=3) == (0, 0), "all that nothing names is younger"
    assert await store.sweep(before=0, crowded=5) == (0, 2)
    assert await left() == [0, 1, 2, 5, 6]
    assert await store.sweep(before=0, crowded=99) == (0, 1), "until no more is left than may lie there"
    assert await left() == [0, 1, 2, 6]
    assert await store.sweep(before=0, crowded=99) == (0, 0)
    assert await store.sweep(before=7, crowded=0) == (0, 1), "and what is old leaves anyway"
    assert await left() == [0, 1, 2]


async def test_the_loop_goes_on_while_a_large_blob_is_written_and_read(store, history):
    made = await begin(store, history)
    over = trio.Event()

    async def commits() -> None:
        while not over.is_set():
            assert await store.commit([made.take(f"k{made.head.revision}")]) == [Ok()]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(commits)
        await store.put_blob(BLOB, bytes(16 * 1024 * 1024), now=1)
        assert await store.get_blob(BLOB) == bytes(16 * 1024 * 1024)
        over.set()
    if store.durability != "memory":
        assert made.head.revision >= 32  # a commit got in between every two slices
