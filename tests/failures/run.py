"""One run: processes up, load on, the fault, the way back, and then everything is compared and counted."""

from __future__ import annotations

import random
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.kit.server import wait_until
from tests.failures.count import EXAMPLES, Result, count_commands, silence, well_again
from tests.failures.faults import FAULTS, Scene
from tests.failures.history import times_done
from tests.failures.line import running_line
from tests.failures.load import Load, fill, running_load
from tests.failures.probe import probing
from tests.failures.processes import Pod, Redis, Watched, running_pods
from tests.failures.record import now
from tests.failures.viewers import is_well

MAPS = 3
LOG_LINES = 40  # of each pod, kept of a run that went wrong
WARM_UP = (1.0, 2.0)  # seconds of load before the fault
STEADY = 0.7  # seconds that all must have been well
RECOVER_SECONDS = 30.0  # more is never
AGREE_SECONDS = 10.0  # for what is under way when the writers have ended


def run(name: str, seed: int) -> Result:
    """Return what became of one run of a fault. Its processes end with it."""
    drawn = random.Random(f"{name} {seed}")
    pods = drawn.choice((2, 2, 3))
    result = Result(name, seed, pods)
    try:
        with _scene(name, pods, drawn) as scene:
            _play(scene, name, result)
            _compare(scene, result)
            result.logs = [] if result.good else [line for pod in scene.pods for line in _log(pod)]
    except Exception:  # a pod that does not start, say: the run is lost, not the table
        result.wrong.append(traceback.format_exc())
    return result


def _log(pod: Pod) -> list[str]:
    return [f"pod {pod.name}: {line}" for line in pod.log.splitlines()[-LOG_LINES:]]


@contextmanager
def _scene(name: str, count: int, drawn: random.Random) -> Iterator[Scene]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mapsrv-failures-")))
        redis: Redis | Watched = (
            Watched(folder, stack, drawn.choice((1, 3)))
            if FAULTS[name].sentinels
            else Redis(folder / "redis", stack)
        )
        line = stack.enter_context(running_line(redis.master.port))
        first = f"redis://127.0.0.1:{line.port}/0" if FAULTS[name].layers else redis.url
        pods = stack.enter_context(running_pods(folder, [first, *[redis.url] * (count - 1)]))
        maps = [pods[n % count].new_map() for n in range(1 if FAULTS[name].layers else MAPS)]
        fill(pods[0], maps[0], FAULTS[name].layers)
        load = stack.enter_context(running_load([pod.port for pod in pods], maps))
        yield Scene(redis, line, pods, load, drawn)


def _play(scene: Scene, name: str, result: Result) -> None:
    load = scene.load
    wait_until(lambda: load.crash or all(viewer.cursor for viewer in load.viewers), 20)
    scene.pause(*WARM_UP)
    with probing(scene.pods if FAULTS[name].layers else ()) as probe:
        FAULTS[name].run(scene)
        if FAULTS[name].rests:
            well, stopped = _rest(scene), scene.ended
        else:
            well, stopped = _go_on(scene), now()
    result.slowest, result.grown = probe.slowest, probe.grown
    load.record.wrong += probe.errors[:EXAMPLES]
    result.converged = None if well is None else max(0.0, well - scene.ended)
    load.stop_writers()
    result.silence = max(silence(viewer, scene.begun, stopped) for viewer in load.viewers)
    result.wait = max((ack.answered - ack.sent for ack in load.record.acks), default=0.0)


def _rest(scene: Scene) -> float | None:
    """Stop the writers; return when all agreed."""
    scene.load.stop_writers()
    try:
        wait_until(lambda: scene.load.crash or not _differences(scene), RECOVER_SECONDS)
    except AssertionError:
        scene.tell("not well again")
        return None
    return now()


def _go_on(scene: Scene) -> float | None:
    """Let the writers go on; return when all was well again."""
    try:
        wait_until(lambda: scene.load.crash or _steady(scene.load, scene.ended), RECOVER_SECONDS)
    except AssertionError:
        scene.tell("not well again")
    return well_again(scene.load, scene.ended)


def _steady(load: Load, ended: float) -> bool:
    well = well_again(load, ended)
    return well is not None and now() - well > STEADY


def _compare(scene: Scene, result: Result) -> None:
    """Everybody must agree; then the commands are looked for in what they agree on."""
    load, record = scene.load, scene.load.record
    load.open_newcomers()
    try:
        wait_until(lambda: not _differences(scene), AGREE_SECONDS)
    except AssertionError:
        record.wrong += _differences(scene)
    final = {session: _shown(scene.pods[0], session) for session in load.sessions}
    done = times_done(scene.redis.master, load.sessions, record)
    count_commands(result, record, final, done, scene.forgotten)
    record.wrong += [f"{key} was never answered" for key in record.unanswered]
    for pod in scene.pods:
        if "Traceback" in pod.log:
            record.wrong.append(f"pod {pod.name}: {pod.log[pod.log.index('Traceback'):][:2000]}")
    result.failures, result.snapshots = dict(record.failures), record.snapshots
    refusals = [f"refused: {refusal}" for refusal in record.refusals[:EXAMPLES]]
    result.wrong, result.story = record.wrong, scene.story + refusals + result.story


def _differences(scene: Scene) -> list[str]:
    """Return who is not where all others are."""
    found = []
    for session in scene.load.sessions:
        states = [_state(scene, pod, session) for pod in scene.pods]
        found += [f"pods differ on {session[:4]}: {s['position']}" for s in states if s != states[0]]
        shown = {layer["id"]: layer["visible"] for layer in states[0]["state"]["layers"]}
        for viewer in scene.load.viewers:
            if viewer.session != session:
                continue
            if viewer.cursor != states[0]["position"]:
                found.append(f"{viewer.name} is at {viewer.cursor}, not {states[0]['position']}")
            elif viewer.shown != shown:
                found.append(f"{viewer.name} shows something else")
            elif not is_well(viewer.status):
                found.append(f"{viewer.name} is told {viewer.status}")
    return found


def _state(scene: Scene, pod: Pod, session: str) -> dict[str, Any]:
    try:
        state = pod.state(session)
    except Exception as error:  # whatever it says, it does not serve
        return {"position": f"{type(error).__name__} at pod {pod.name}", "state": {"layers": []}}
    scene.load.record.saw_state(session, state["position"], state["state"])
    return {"position": state["position"], "state": state["state"]}


def _shown(pod: Pod, session: str) -> dict[str, bool]:
    try:
        return {layer["id"]: layer["visible"] for layer in pod.state(session)["state"]["layers"]}
    except Exception:
        return {}
