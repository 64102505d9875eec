"""Models that call are told of for as long as they are here, on whichever process; they are no viewers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import trio

from mapsrv.hub.hub import Hub
from mapsrv.hub.presence.models import CALL_SECONDS, MAX_KEPT, MAX_KNOWN, MODEL_SECONDS, Models
from mapsrv.hub.presence.other_pods import OTHERS_SECONDS
from mapsrv.hub.presence.ticker import SWEEP
from mapsrv.hub.replicas.beside_events import BEAT_SECONDS
from tests.hub.replicas.test_replication import pods
from tests.hub.test_readers import reading, taken
from tests.kit.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def models(clock: Clock) -> Models:
    return Models(clock, lambda: None)


def listed(models: Models) -> dict[str, bool]:
    return {one["name"]: one["drawing"] for one in models.told()["models"]}


def states(models: Models) -> list[str]:
    return [one["state"] for one in models.told()["calls"]]


def test_a_model_is_here_from_its_first_call_to_five_minutes_after_its_last(
    models: Models, clock: Clock
) -> None:
    assert models.told() == {"models": [], "calls": []} and not models
    call = models.begin("a", "Claude", "add_layer", reads=False)
    assert listed(models) == {"Claude": True} and states(models) == ["running"]
    clock.now += 2 * MODEL_SECONDS
    assert listed(models) == {"Claude": True}, "as long as its call runs"
    models.done(call)
    assert listed(models) == {"Claude": False} and states(models) == ["done"]
    clock.now += MODEL_SECONDS - 1
    assert listed(models) == {"Claude": False} and states(models) == [] and models
    clock.now += 1
    assert models.expire() and listed(models) == {} and not models


def test_a_call_that_reads_draws_nothing_and_a_refused_one_says_why(models: Models, clock: Clock) -> None:
    reading_ = models.begin("a", "Claude", "get_map_state", reads=True)
    assert listed(models) == {"Claude": False} and models.told()["calls"][0]["reads"] is True
    models.done(reading_)
    models.refused(models.begin("a", "Claude", "add_layer", reads=False), "There is no such file.")
    assert states(models) == ["done", "refused"] and listed(models) == {"Claude": False}
    assert models.told()["calls"][1]["reason"] == "There is no such file."
    clock.now += CALL_SECONDS
    assert states(models) == []


def test_of_a_call_that_nobody_waits_for_nothing_is_told(models: Models) -> None:
    models.dropped(models.begin("a", "Claude", "add_layer", reads=False))
    assert states(models) == [] and listed(models) == {"Claude": False}


def test_however_many_models_call_however_often_as_many_are_remembered(models: Models) -> None:
    calls = [models.begin(f"{n}", f"M{n}", "add_layer", reads=False) for n in range(3 * MAX_KNOWN)]
    assert f"M{len(calls) - 1}" in json.dumps(models.told_to_others())
    assert len(models.told_to_others()["calls"]) <= MAX_KEPT
    for call in calls:
        models.dropped(call)
    assert states(models) == [] and not any(listed(models).values())


def frames(reader: Any) -> Iterator[dict[str, Any]]:
    return (frame for name, frame, _ in taken(reader) if name == "presence")


async def test_a_model_that_leaves_is_told_though_nobody_says_anything(
    autojump_clock: object, hub: Hub
) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as reader, hub.open_session(session_id) as live:
        await trio.sleep(1)
        live.presence.models.done(live.presence.models.begin("a", "Claude", "add_layer", reads=False))
        await trio.sleep(1)
        told = list(frames(reader))[-1]
        assert [one["name"] for one in told["models"]] == ["Claude"] and len(told["calls"]) == 1
        assert told["count"] == len(told["viewers"]) == 1 == live.presence.count
        await trio.sleep(CALL_SECONDS + SWEEP)
        assert list(frames(reader))[-1]["calls"] == []
        await trio.sleep(MODEL_SECONDS + SWEEP)
        assert list(frames(reader))[-1]["models"] == []


async def test_models_are_known_on_every_pod(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        _, (one, other) = await pods(stack, 2, random.Random(1), 0.0)
        session_id = await one.create_session()
        async with reading(one, session_id, viewer="a") as reader, other.open_session(session_id) as there:
            call = there.presence.models.begin("a", "Claude", "add_layer", reads=False)
            await trio.sleep(2)
            told = list(frames(reader))[-1]
            assert told["models"] == [{"id": "a", "name": "Claude", "drawing": True}]
            assert told["calls"][0]["state"] == "running" and told["count"] == 1
            await trio.sleep(3 * OTHERS_SECONDS)
            assert not list(frames(reader)), "the other pod says that it still is so"
            there.presence.models.done(call)
            await trio.sleep(2)
            told = list(frames(reader))[-1]
            assert told["models"] == [{"id": "a", "name": "Claude", "drawing": False}]
            assert told["calls"][0]["state"] == "done"
            await trio.sleep(MODEL_SECONDS + SWEEP)
            assert list(frames(reader))[-1]["models"] == []


async def test_with_a_pod_that_dies_ends_what_ran_there_and_its_models_stay(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        _, (one,) = await pods(stack, 1, random.Random(1), 0.0)
        session_id = await one.create_session()
        async with reading(one, session_id) as reader, one.open_session(session_id) as live:
            there = Models(trio.current_time, lambda: None)
            there.begin("a", "Claude", "add_layer", reads=False)
            live.presence.models.elsewhere("dead", *there.told_to_others().values())
            live.presence.others_told("dead", 0, [])
            await trio.sleep(1)
            told = list(frames(reader))[-1]
            assert told["models"] == [{"id": "a", "name": "Claude", "drawing": True}]
            assert told["calls"][0]["state"] == "running"
            await trio.sleep(OTHERS_SECONDS + BEAT_SECONDS + 1)
            told = list(frames(reader))[-1]
            assert told["models"] == [{"id": "a", "name": "Claude", "drawing": False}] and not told["calls"]
