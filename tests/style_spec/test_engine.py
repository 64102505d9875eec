"""The engine's faults: each costs the call that did it its answer, and no other call."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from mapsrv.style_spec import Away, Engine, OverLimit, Sample
from mapsrv.style_spec import child as children
from mapsrv.style_spec import engine as module
from mapsrv.style_spec import open_engine
from tests.kit.style_engine import BOMB, ENDLESS, built

RIGHT = {"of": "property", "key": "a", "group": "paint", "type": "fill", "name": "fill-color", "value": "red"}


def radius(value: Any) -> dict[str, Any]:
    return {**RIGHT, "type": "circle", "name": "circle-radius", "value": value}


def fake(answer: str) -> tuple[str, ...]:
    """A child that is ready, then does `answer` for each line."""
    code = f"import sys\nprint('{{}}', flush=True)\nfor line in sys.stdin:\n    {answer}"
    return (sys.executable, "-c", code)


async def test_what_is_right_has_no_faults_and_what_is_wrong_has_maplibres(engine: Engine) -> None:
    answer = await engine.ask({"judge": [RIGHT, {**RIGHT, "value": "reed"}]})
    assert answer["verdicts"] == [[], [{"path": "", "text": 'color expected, "reed" found', "kind": "color"}]]


@pytest.mark.parametrize(("value", "limit"), [(ENDLESS, "time"), (BOMB, "memory")], ids=("endless", "bomb"))
async def test_what_is_over_a_limit_is_told_so_while_others_go_on(
    engine: Engine, value: Any, limit: str
) -> None:
    await engine.warm()
    over: list[OverLimit] = []

    async def ask() -> None:
        with pytest.raises(OverLimit) as caught:
            await engine.ask({"judge": [radius(value)]})
        over.append(caught.value)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        for _ in range(5):
            assert (await engine.ask({"judge": [RIGHT]}))["verdicts"] == [[]]
    assert over[0].limit == limit and "compute" in str(over[0])
    assert (await engine.ask({"judge": [RIGHT]}))["verdicts"] == [[]]


async def test_ten_megabytes_are_answered(engine: Engine) -> None:
    with pytest.raises(OverLimit, match="memory"):
        await engine.ask({"judge": [{**RIGHT, "value": "x" * 10_000_000}]})
    assert (await engine.ask({"judge": [RIGHT]}))["verdicts"] == [[]]


async def test_children_that_are_killed_are_others_at_the_next_call(engine: Engine) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(module.CHILDREN):
            nursery.start_soon(engine.warm)
    killed = engine.pids
    assert len(killed) == module.CHILDREN
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert (await engine.ask({"judge": [RIGHT]}))["verdicts"] == [[]]
    assert (await engine.ask({"judge": [RIGHT]}))["verdicts"] == [[]]


def test_both_sides_count_by_one_limit() -> None:
    built()
    worker = importlib.import_module("mapsrv.style_spec.worker")
    assert worker.LIMIT_SECONDS == children.LIMIT_SECONDS and worker.BUNDLE == module.BUNDLE


async def test_a_child_that_is_killed_while_it_computes_is_asked_anew(engine: Engine) -> None:
    await engine.warm()
    (pid,) = engine.pids
    answers: list[str] = []

    async def ask() -> None:
        try:
            await engine.ask({"judge": [radius(ENDLESS)]})
        except OverLimit as over:
            answers.append(over.limit)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        while engine.pids:  # noqa: ASYNC110
            await trio.lowlevel.checkpoint()
        os.kill(pid, signal.SIGKILL)
    assert answers == ["time"]


async def test_a_sample_is_sent_once_and_kept(engine: Engine) -> None:
    item = radius(["get", "size"])
    request = {"judge": [item], "try": [item]}
    rows = b'[[1,1,{"size":3},[0,0,0,0]],[1,2,{},[0,0,0,0]]]'
    for sample in (Sample("a", rows, 2, 2), Sample("a", b"not sent again", 2, 2)):
        answer = await engine.ask(request, sample, {"promoteId": None, "cluster": False})
        assert answer["notes"][0][0]["count"] == 1 and answer["looked"] == 2


@pytest.mark.parametrize(
    "answer", ["sys.exit()", "print('no json', flush=True)", 'print(\'{"over": ""}\', flush=True)']
)
async def test_an_engine_that_fails_otherwise_is_away(answer: str) -> None:
    engine = Engine(fake(answer))
    with pytest.raises(Away):
        await engine.ask({"judge": [RIGHT]})
    await engine.close()
    assert engine.pids == ()


async def test_a_child_that_cannot_be_started_is_away_and_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for command in ((str(tmp_path / "none"),), (sys.executable, "-c", "pass")):
        with pytest.raises(Away):
            await Engine(command).ask({"judge": [RIGHT]})
    with caplog.at_level(logging.WARNING):
        await Engine(command).warm()
    assert [record.message for record in caplog.records] == ["style=unchecked"]


async def test_a_child_that_is_stopped_is_waited_for_within_a_bound(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LIMIT_SECONDS", 0.2)  # of computing: more than it needs to stop itself
    monkeypatch.setattr(children, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(children, "PATIENCE_SECONDS", 0.4)
    stopped = Engine(fake("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"))
    with pytest.raises(Away):
        await stopped.ask({"judge": [RIGHT]})
    assert stopped.pids == ()


async def test_who_finds_no_place_soon_goes_unchecked() -> None:
    engine = Engine(fake("import time; time.sleep(30)"))
    async with trio.open_nursery() as nursery:

        async def held() -> None:
            with pytest.raises(Away):
                await engine.ask({"judge": []})

        for _ in range(module.CHILDREN):
            nursery.start_soon(held)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Away):
            await engine.ask({"judge": []})
        nursery.cancel_scope.cancel()


async def test_without_a_part_the_server_says_once_that_checks_are_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "BUNDLE", tmp_path / "none.js")
    with caplog.at_level(logging.WARNING):
        async with open_engine() as engine:
            assert engine is None
    assert [record.message for record in caplog.records] == ["style=unchecked"]
