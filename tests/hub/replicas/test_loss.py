"""A shared store that was emptied or leaves at a bad moment: what pods say of it, and that they find out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Head, Origin
from mapsrv.errors import StoreAway, StoreUnavailable, UnknownSession
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.replicas.parting import go_alone
from mapsrv.hub.replicas.replication import CHECK_SECONDS
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.hub.standing import Sign, Standing
from mapsrv.store.memory import MemoryStore
from tests.hub.kit.line import Line
from tests.hub.kit.shared import SharedMemory

ANA = Origin("model", "ana", "Ana")


@asynccontextmanager
async def two_pods() -> AsyncIterator[tuple[SharedMemory, Hub, Hub]]:
    shared = SharedMemory(MemoryStore())
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(
                open_hub(Line(shared), max_data=1 << 20, session_idle=1e6, warm=False)
            )
            for _ in range(2)
        ]
        await trio.sleep(0.1)
        yield shared, one, other


async def test_a_map_that_another_pod_holds_is_unavailable_not_unknown_once_the_store_was_emptied(
    autojump_clock: object,
) -> None:
    async with two_pods() as (shared, one, other):
        session_id = await one.create_session()
        async with one.open_session(session_id):
            shared.lose_everything()
            with pytest.raises(StoreUnavailable):
                await other.execute(session_id, SetTitle("x"), ANA)
            shared.lose_everything()
            with pytest.raises(StoreUnavailable):
                await other.exists(session_id)
            await trio.sleep(CHECK_SECONDS + 1)
            await other.execute(session_id, SetTitle("x"), ANA)
    async with two_pods() as (shared, one, _other):
        with pytest.raises(UnknownSession):
            await one.execute("never issued", SetTitle("x"), ANA)
        assert not await one.exists("never issued")


async def test_a_store_that_is_emptied_once_more_as_its_loss_was_noted_makes_no_map_unknown(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_pods() as (shared, one, other):
        session_id = await one.create_session()
        note_loss, losses = shared.note_loss, [2]  # the note is lost with the rest, twice

        async def note_and_lose() -> None:
            await note_loss()
            if losses[0]:
                losses[0] -= 1
                shared.lose_everything()

        monkeypatch.setattr(shared, "note_loss", note_and_lose)
        async with one.open_session(session_id):
            shared.lose_everything()
            with pytest.raises(StoreUnavailable):
                await other.execute(session_id, SetTitle("x"), ANA)
            losses[0] = 2
            shared.lose_everything()
            with pytest.raises(StoreUnavailable):
                await other.exists(session_id)


async def test_who_asks_while_another_finds_the_loss_finds_it_too(autojump_clock: object) -> None:
    shared = SharedMemory(MemoryStore())
    store_health = StoreHealth(shared, lambda: None)
    assert not await store_health.identify()
    shared.lose_everything()
    found: list[bool] = []

    async def ask() -> None:
        found.append(await store_health.identify())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
    assert found == [True, True] and not await store_health.identify()


async def test_a_loss_that_could_not_be_noted_is_found_again(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = SharedMemory(MemoryStore())
    store_health = StoreHealth(shared, lambda: None)
    await store_health.identify()
    shared.lose_everything()

    async def away() -> None:
        await trio.lowlevel.checkpoint()
        raise StoreAway("It left.")

    with monkeypatch.context() as patched:
        patched.setattr(shared, "note_loss", away)
        with pytest.raises(StoreAway):
            await store_health.identify()
    assert await store_health.identify()
    with pytest.raises(StoreUnavailable):
        await shared.load("any")


async def test_what_was_stored_after_the_store_went_back_to_before_a_map_was_given_back_is_kept(
    autojump_clock: object,
) -> None:
    """One that did not hold the map takes what is left of it, and ends; another still has all the rest."""
    async with two_pods() as (shared, one, _other):
        session_id = await one.create_session()
        async with one.open_session(session_id) as live:
            for title in ("first", "second"):
                await one.execute(session_id, SetTitle(title), ANA, title)
            shared.go_back(1)
            await trio.sleep(CHECK_SECONDS + 1)
            assert live.state.title == "second" and live.position.revision == 2, "it was given back"
            shared.go_back(1)
            async with open_hub(Line(shared), max_data=1 << 20, session_idle=1e6, warm=False) as passing:
                stored = await passing.execute(session_id, SetTitle("third"), ANA, "third")
            assert stored.durability == "redis" and stored.position.revision == 2
            await trio.sleep(CHECK_SECONDS + 1)
            assert [key.split()[0] for key in live.session.keys] == ["first", "second", "third"]
            assert live.state.title == "third" and not live.branch


async def test_of_two_maps_that_are_out_of_step_both_are_read_anew(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is found to be so while the first is read."""
    async with two_pods() as (shared, one, _other):
        ids = [await one.create_session() for _ in range(2)]
        async with one.open_session(ids[0]) as first, one.open_session(ids[1]) as second:
            heads = shared.heads

            async def heads_asked(asked: Any) -> Any:
                if ids[0] in asked:
                    second.now(Sign.MISSED)
                    one.committer.submit(second)
                return await heads(asked)

            monkeypatch.setattr(shared, "heads", heads_asked)
            first.now(Sign.MISSED)
            one.committer.submit(first)
            await trio.sleep(1)
            assert first.standing is second.standing is Standing.IN_STEP


async def test_a_map_that_could_not_be_read_anew_is_read_at_the_next_look(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_pods() as (shared, one, _other):
        session_id = await one.create_session()
        async with one.open_session(session_id) as live:

            async def damaged(asked: object) -> Any:
                await trio.lowlevel.checkpoint()
                raise StoreUnavailable("It does not parse.")

            with monkeypatch.context() as patched:
                patched.setattr(shared, "commit", damaged)
                patched.setattr(shared, "load", damaged)
                live.now(Sign.MISSED)
                one.committer.submit(live)
                await trio.sleep(1)
                assert live.standing is Standing.BEHIND
            await trio.sleep(CHECK_SECONDS + 1)
            assert live.standing is Standing.IN_STEP


async def test_a_map_that_went_alone_while_heads_were_asked_for_is_not_out_of_step(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_pods() as (shared, one, _other):
        session_id = await one.create_session()
        async with one.open_session(session_id) as live:

            async def heads(asked: Any) -> dict[str, Head | None]:
                await trio.lowlevel.checkpoint()
                go_alone(live, "alone")
                return dict.fromkeys(asked)

            monkeypatch.setattr(shared, "heads", heads)
            await trio.sleep(CHECK_SECONDS + 1)
            assert live.branch is not None and live.standing is Standing.ALONE
