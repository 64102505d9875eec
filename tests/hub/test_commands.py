"""The one gate: what is acknowledged is stored, in order, once, and nobody sees it before."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.core.commands import AddLayer, RemoveLayer, SetTitle, ToggleLayer
from mapsrv.core.log import Head, Origin
from mapsrv.core.prepared import Prepared
from mapsrv.errors import (
    Busy,
    KeyReused,
    MapsrvError,
    StoreUnavailable,
    TooMany,
    UnknownLayer,
    UnknownSession,
)
from mapsrv.hub import execute as gate_module
from mapsrv.hub import session_cache
from mapsrv.hub.clock import Clock
from mapsrv.hub.hub import Hub
from mapsrv.store import Batch, loose
from mapsrv.wire.receipt import Receipt
from tests.hub.kit.stores import HeldStore

ANA, BOB = Origin("model", "ana", "Ana"), Origin("person", "bob", "Bob")


def layer(name: str) -> AddLayer:
    return AddLayer(
        name, {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}, "vector"
    )


class Answers(dict[str, Any]):
    """Runs commands at once; holds each one's Receipt or error under its name."""

    def __init__(self, nursery: trio.Nursery, hub: Hub, session_id: str) -> None:
        self.nursery, self.hub, self.session_id = nursery, hub, session_id

    async def ask(self, name: str, command: Any, origin: Origin = ANA, key: str | None = None) -> None:
        """Start a command and wait until it waits."""
        self.nursery.start_soon(self._run, name, command, origin, key)
        await wait_all_tasks_blocked()

    async def _run(self, name: str, command: Any, origin: Origin, key: str | None) -> None:
        try:
            self[name] = await self.hub.execute(self.session_id, command, origin, key)
        except MapsrvError as error:
            self[name] = error


async def test_concurrent_commands_from_many_callers_are_all_there_afterwards(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    async with trio.open_nursery() as nursery:
        for number in range(60):
            origin = Origin("model", f"m{number % 7}", "M")
            nursery.start_soon(hub.execute, session_id, layer(f"layer-{number}"), origin)
    async with hub.open_session(session_id) as live:
        assert set(live.state.layers) == {f"layer-{number}" for number in range(60)}
        assert live.position.revision == 60
    assert len(store.commits) < 60, "they went in batches"


async def test_nothing_is_shown_or_answered_before_the_store_has_it(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    store.hold()
    async with trio.open_nursery() as nursery, hub.open_session(session_id) as live:
        answers = Answers(nursery, hub, session_id)
        await answers.ask("title", SetTitle("New"))
        assert not answers and live.state.title != "New" and live.position.revision == 0
        store.gate.set()
    assert answers["title"].position.revision == 1
    assert live.state.title == "New"


async def test_a_refusal_decided_on_a_pending_command_waits_for_it(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    store.hold()
    async with trio.open_nursery() as nursery:
        answers = Answers(nursery, hub, session_id)
        await answers.ask("add", layer("a"), ANA)
        await answers.ask("remove", RemoveLayer("a"), BOB)
        await answers.ask("toggle", ToggleLayer("a"), BOB)
        assert not answers
        store.failures.append(StoreUnavailable("The disk is full."))
        store.gate.set()
    assert isinstance(answers["add"], StoreUnavailable)
    assert isinstance(answers["remove"], UnknownLayer), "decided again, without the layer that was lost"
    assert "no layers yet" in answers["toggle"].message


async def test_two_at_once_with_one_key_are_done_once(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    store.hold()
    async with trio.open_nursery() as nursery:
        answers = Answers(nursery, hub, session_id)
        await answers.ask("first", ToggleLayer("a"), BOB, "k0")
        await answers.ask("one", SetTitle("One"), ANA, "k")
        await answers.ask("two", SetTitle("One"), ANA, "k")
        await answers.ask("other", SetTitle("Two"), ANA, "k")
        await answers.ask("bob", SetTitle("Two"), BOB, "k")
        store.gate.set()
    assert answers["one"] == answers["two"] and answers["one"].position.revision == 1
    assert isinstance(answers["other"], KeyReused)
    assert isinstance(answers["first"], UnknownLayer), "a refusal is not remembered"
    again = await hub.execute(session_id, SetTitle("One"), ANA, "k")
    assert again.position == answers["one"].position and again.title == "Two"


async def test_an_idle_session_leaves_memory_and_comes_back_with_its_keys(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    first = await hub.execute(session_id, SetTitle("Kept"), ANA, "k")
    await hub.execute(session_id, layer("a"), ANA)
    async with hub.open_session(session_id):
        await trio.sleep(3 * 3600)
        assert store.loads == 1, "one that is used stays"
    await trio.sleep(3 * 3600)
    assert not hub.held()
    again = await hub.execute(session_id, SetTitle("Kept"), ANA, "k")
    assert store.loads == 2
    assert (again.position, again.title) == (first.position, "Kept")
    async with hub.open_session(session_id) as live:
        assert list(live.state.layers) == ["a"]


async def test_a_session_is_loaded_once_however_many_ask(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    async with trio.open_nursery() as nursery:
        for number in range(9):
            nursery.start_soon(hub.execute, session_id, SetTitle(f"{number}"), ANA)
    assert store.loads == 1
    with pytest.raises(UnknownSession):
        await hub.execute("never-issued", SetTitle("x"), ANA)
    assert not await hub.exists("never-issued") and await hub.exists(session_id)


class Slow:
    """A prepare that holds up the commands that it is told to."""

    def __init__(self, hub: Hub) -> None:
        self.held: dict[str, trio.Event] = {}
        self.seen: list[str] = []
        self.hub, hub.gate.prepare = hub, self.prepare

    async def prepare(self, command: Any, state: Any) -> Prepared:
        name = getattr(command, "title", None) or command.layer_id
        self.seen.append(name)
        if name in self.held:
            await self.held[name].wait()
        return Prepared(command)


async def test_one_authors_commands_land_in_the_order_they_came(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    slow = Slow(hub)
    slow.held["first"] = trio.Event()
    async with trio.open_nursery() as nursery:
        answers = Answers(nursery, hub, session_id)
        await answers.ask("first", SetTitle("first"), ANA)
        await answers.ask("second", SetTitle("second"), ANA)
        await answers.ask("other", SetTitle("other"), BOB)
        assert slow.seen == ["first", "other"] and set(answers) == {"other"}
        slow.held.pop("first").set()
    assert [answers[name].position.revision for name in ("other", "first", "second")] == [1, 2, 3]


async def test_commands_taken_back_are_decided_again_in_their_order(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    store.hold()
    async with trio.open_nursery() as nursery:
        answers = Answers(nursery, hub, session_id)
        await answers.ask("0", SetTitle("0"))
        for number in range(1, 20):
            await answers.ask(str(number), SetTitle(str(number)))
        store.failures.append(StoreUnavailable("away"))
        store.gate.set()
    assert isinstance(answers.pop("0"), StoreUnavailable)
    assert [answers[str(number)].position.revision for number in range(1, 20)] == list(range(1, 20))


async def test_a_caller_that_leaves_holds_nobody_up(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    slow = Slow(hub)
    slow.held["first"] = trio.Event()
    async with trio.open_nursery() as nursery, hub.open_session(session_id) as live:
        with trio.move_on_after(1):
            await hub.execute(session_id, SetTitle("first"), ANA)
        store.hold()
        with trio.move_on_after(1):
            await hub.execute(session_id, SetTitle("second"), ANA)
        answers = Answers(nursery, hub, session_id)
        await answers.ask("third", SetTitle("third"))
        store.gate.set()
        await wait_all_tasks_blocked()
        assert (
            live.state.title == "third" and live.position.revision == 2
        ), "what is proposed is stored all the same"
        assert not (live.queues or live.acks)


async def test_a_layer_that_changes_all_the_time_makes_it_busy(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    await hub.execute(session_id, layer("a"), ANA)

    async def prepare(command: Any, state: Any) -> Prepared:
        await trio.lowlevel.checkpoint()
        return Prepared(command, {"a": None})

    hub.gate.prepare = prepare
    with pytest.raises(Busy):
        await hub.execute(session_id, SetTitle("x"), ANA)


async def test_a_runaway_caller_is_told_to_wait(
    autojump_clock: object, hub: Hub, store: HeldStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "MAX_WAITING", 2)
    session_id = await hub.create_session()
    store.hold()
    async with trio.open_nursery() as nursery:
        answers = Answers(nursery, hub, session_id)
        for name in "abc":
            await answers.ask(name, SetTitle(name))
        assert isinstance(answers["c"], TooMany)
        store.gate.set()


async def _elsewhere(store: HeldStore, session_id: str, title: bytes) -> None:
    """Commit as another process on the same store would."""
    stored = await store.store.load(session_id)
    assert stored is not None
    body = (
        b'{"at":"x","origin":{"kind":"model","id":"x","name":"x"},"ops":[{"op":"set_title","title":"there"}]}'
    )
    from mapsrv.store import Component, Entry, KeyRecord

    head = stored.head.next("k model:x", body)
    entry = Entry(body, KeyRecord("k model:x", "f", b'{"changed":[],"warnings":[]}', head))
    await store.store.commit([Batch(session_id, stored.head, (entry,), {"title": Component(title)})])


async def test_after_a_commit_elsewhere_it_goes_on_from_what_the_store_has(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    async with hub.open_session(session_id) as live:
        await _elsewhere(store, session_id, b'"there"')
        receipt = await hub.execute(session_id, layer("a"), ANA)
        assert receipt.position.revision == 2
        assert live.state.title == "there" and "a" in live.state.layers


async def test_a_session_that_the_store_lost_is_refused(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    session_id = await hub.create_session()
    async with hub.open_session(session_id):
        await store.store.sweep(before=float("inf"))
        with pytest.raises(UnknownSession):
            await hub.execute(session_id, SetTitle("x"), ANA)


async def test_a_map_never_changed_is_forgotten_after_a_day_unless_somebody_has_it_open(
    autojump_clock: object, hub: Hub
) -> None:
    start = trio.current_time()
    hub.clock = Clock(lambda: trio.current_time() - start)
    unused, used, changed = [await hub.create_session() for _ in range(3)]
    await hub.execute(changed, SetTitle("x"), ANA)
    async with hub.open_session(used):
        await trio.sleep(3 * 24 * 3600)
    assert [await hub.exists(name) for name in (unused, used, changed)] == [False, True, True]


async def test_many_bytes_that_no_map_names_leave_after_an_hour(
    autojump_clock: object, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loose, "MAX_LOOSE", 100_000)
    start = trio.current_time()
    now = Clock(lambda: trio.current_time() - start)
    hub.clock, hub.documents.clock = now, now.wall
    session_id, names = await hub.create_session(), []
    for n in range(5):
        text = {"type": "Feature", "geometry": None, "properties": {"text": str(n) * 30_000}}
        names.append((await hub.documents.put(json.dumps(text).encode())).data)
    used = AddLayer("a", {"type": "geojson", "data": names[0]}, "vector")
    await hub.execute(session_id, used, ANA)

    async def left() -> list[str]:
        return [name for name in names if await hub.store.get_blob(name.removeprefix("data/"))]

    await trio.sleep(3_500)
    assert await left() == names
    await trio.sleep(1_000)
    assert len(await left()) == 4 and names[0] in await left()
    await trio.sleep(25 * 3600)
    assert await left() == names[:1]


async def test_the_longest_idle_session_makes_room(
    autojump_clock: object, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_cache, "MAX_SESSIONS", 2)
    ids = [await hub.create_session() for _ in range(3)]
    for session_id in ids:
        await hub.execute(session_id, SetTitle("x"), ANA)
        await trio.sleep(1)
    assert set(hub.held()) == set(ids[1:])
    async with hub.open_session(ids[0]), hub.open_session(ids[1]):
        with pytest.raises(TooMany):
            await hub.execute(ids[2], SetTitle("x"), ANA)


async def test_a_batch_is_bounded_and_each_session_has_one_place_in_it(
    autojump_clock: object, hub: Hub, store: HeldStore
) -> None:
    ids = [await hub.create_session() for _ in range(3)]
    store.hold()
    async with trio.open_nursery() as nursery:
        answers = Answers(nursery, hub, ids[0])
        await answers.ask("first", SetTitle("first"))
        for number in range(300):
            nursery.start_soon(
                hub.execute, ids[number % 3], layer(f"l{number}"), Origin("model", f"{number}", "x")
            )
        await wait_all_tasks_blocked()
        store.gate.set()
    sizes = [sum(len(batch.entries) for batch in batches) for batches in store.commits]
    assert sum(sizes) == 301 and max(sizes) <= 256 and len(sizes) <= 5
    assert all(len({batch.session_id for batch in batches}) == len(batches) for batches in store.commits)


async def test_a_receipt_says_what_and_where(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    receipt = await hub.execute(session_id, layer("a"), ANA)
    position, [warning] = receipt.position, receipt.warnings
    assert receipt == Receipt(session_id, "Untitled map", position, ("a",), 0, (warning,), "memory")
    assert "nothing to draw" in warning
    assert position.revision == 1 and position != Head.of_epoch(position.epoch).position


async def test_a_maps_id_is_no_option_on_a_command_line(
    autojump_clock: object, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["-begins-as-an-option", "-again", "is-none"])
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size: next(drawn))
    assert await hub.create_session() == "is-none"
