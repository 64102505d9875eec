"""All kinds of clients at once behind nginx, before real pods and a real valkey, while what they need fails.

Laws: nothing that was acknowledged is lost, nothing is done twice, and every client comes back by itself.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.kit.every_client import (
    PYTHON,
    TYPESCRIPT,
    Ack,
    PythonClient,
    Told,
    running_python,
    running_typescript,
)
from tests.e2e.kit.ledger import Ledger
from tests.e2e.kit.nginx import Proxy as Nginx
from tests.e2e.kit.nginx import round_robin
from tests.e2e.kit.server import wait_until
from tests.e2e.kit.two_people import PEOPLE, TwoPeople, two_people
from tests.e2e.kit.viewer import Viewer
from tests.e2e.test_people_anywhere import people
from tests.failures.processes import Pod, Watched, running_pods
from tests.failures.proxy import Proxy, Route
from tests.failures.record import Record
from tests.failures.viewers import Viewer as Watcher
from tests.kit.inspector import HTTP, SSE, Inspector
from tests.transports.kit.serving import CLIENT_LEAKS

pytestmark = CLIENT_LEAKS

STALL = 5.0  # seconds that a pod, or Redis, stands still
WANTED, WATCHDOG = 5.0, 50.0  # seconds for a client to come back: what is printed beside, what fails
REST = 1.0  # seconds of load before each fault
AGREE_SECONDS = 10.0  # for what is under way when the clients have ended
LOOK_SECONDS = 10.0  # after which streams are opened anew to look at who is there
SEEN = "names and pointing"  # of both people, on a stream of every pod
KEEP = ("python-http-2025", "python-http-2026", "typescript-http")
INSPECTORS = {"inspector-sse": SSE, "inspector-http": HTTP}


@dataclass
class Scene:
    """What a fault acts on, and who is there."""

    redis: Watched
    pods: list[Pod]
    proxy: Nginx
    session: str
    inspector: Inspector
    told: Told = field(default_factory=Told)
    record: Record = field(default_factory=Record)
    people: TwoPeople = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.session)


def kill(scene: Scene) -> None:
    scene.pods[0].stop(signal.SIGKILL)
    time.sleep(REST)
    scene.pods[0].start()


def drain(scene: Scene) -> None:
    assert scene.pods[1].stop(signal.SIGTERM) == 0
    scene.pods[1].start()


def stop(scene: Scene) -> None:
    process = scene.pods[-1].process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    time.sleep(STALL)
    process.send_signal(signal.SIGCONT)


def stall(scene: Scene) -> None:
    scene.redis.master.stall()
    time.sleep(STALL)
    scene.redis.master.go_on()


def fail_over(scene: Scene) -> None:
    scene.redis.master.kill()
    scene.redis.wait_for_failover()


FAULTS: Mapping[str, Callable[[Scene], None]] = {
    "a pod killed": kill,
    "a pod drained": drain,
    "a pod stopped": stop,
    "Redis stalled": stall,
    "Redis failed over": fail_over,
}
SETTINGS = {
    "three-pods": (3, False, tuple(FAULTS)),
    "two-pods": (2, False, tuple(FAULTS)),
    "two-pods-and-a-cookie": (2, True, ("a pod killed", "a pod drained")),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_client_comes_back_and_nothing_it_was_told_is_lost_or_done_twice(
    tmp_path: Path, browser: Browser, node_home: Path, inspector: Inspector, setting: str
) -> None:
    pods, sticky, faults = SETTINGS[setting]
    with ExitStack() as stack:
        redis = Watched(tmp_path / "redis", stack, sentinels=1)
        running = stack.enter_context(running_pods(tmp_path, [redis.url] * pods))
        proxy = stack.enter_context(round_robin(tmp_path / "nginx", running, sticky))
        scene = Scene(redis, running, proxy, running[0].new_map(), inspector)
        rows: dict[str, dict[str, float]] = {}
        with _clients(scene, browser, node_home):
            _all_back(scene, time.time())
            for fault in faults:
                time.sleep(REST)
                scene.ledger.read(redis.master)
                FAULTS[fault](scene)
                rows[fault] = _all_back(scene, time.time())
            time.sleep(REST)
        print(_table(setting, rows), f"sessions begun: {dict(scene.told.begun)}", sep="\n")
        print(*(f"{count} x {what}" for what, count in sorted(scene.told.failures.items())), sep="\n")
        _count(scene)
        assert not any("Traceback" in pod.log for pod in running)
        assert all(scene.told.begun[name] == 1 for name in KEEP), "nothing of /mcp dies with a pod"


@contextmanager
def _clients(scene: Scene, browser: Browser, home: Path) -> Iterator[None]:
    """Run all that go on by themselves; the Inspector is run once at a time."""
    url, session, told = scene.proxy.url, scene.session, scene.told
    port = int(url.rpartition(":")[2])
    watcher = Watcher(session, "the watcher", "", Route(Proxy([port]), 0), scene.record)
    with ExitStack() as stack:
        scene.people = stack.enter_context(two_people(browser, url, scene.pods[0], session, told))
        python = [PythonClient(name, url, session, told) for name in PYTHON]
        stack.enter_context(running_python(python, watcher))
        for name in TYPESCRIPT:
            stack.enter_context(running_typescript(name, url, session, told, home))
        yield
        scene.people.listen()


def _all_back(scene: Scene, since: float) -> dict[str, float]:
    """Return how many seconds each client took from a moment to its next success."""
    names = (*PYTHON, *TYPESCRIPT, *INSPECTORS, *PEOPLE)
    streams = [Viewer(pod, scene.session) for pod in scene.pods]
    seen: float | None = None
    look_again = time.time() + LOOK_SECONDS
    with ThreadPoolExecutor(len(INSPECTORS)) as pool:
        calls = [pool.submit(_inspect, scene, name, since) for name in INSPECTORS]
        while True:
            scene.people.listen()
            if seen is None and all(map(_shows_both, streams)):
                seen = time.time() - since
            if seen is None and time.time() > look_again:  # a stream that was refused opens no more
                look_again += LOOK_SECONDS
                streams = [Viewer(pod, scene.session) for pod in scene.pods]
            took = {name: scene.told.back(name, since) for name in names} | {SEEN: seen}
            back = {name: seconds for name, seconds in took.items() if seconds is not None}
            if len(back) == len(took):
                break
            late = time.time() - since > WATCHDOG
            assert not late, (took.keys() - back.keys(), [people(stream) for stream in streams])
            time.sleep(0.1)
        for call in calls:
            call.result()
    return back


def _shows_both(stream: Viewer) -> bool:
    """Return whether a stream was told of both people, and what each points at."""
    there = people(stream)
    return all((there.get(name, {}).get("pointing") or {}).get("layer_id") == name for name in PEOPLE)


def _inspect(scene: Scene, name: str, since: float) -> None:
    """Have the Inspector call until it is answered."""
    number = 0
    while time.time() - since < WATCHDOG:
        number += 1
        mark, sent = f"{name}-{since:.3f}-{number}", time.time()
        arguments = {"session_id": scene.session, "title": mark}
        try:
            result = scene.inspector.call(scene.proxy.url, INSPECTORS[name], "open_map", arguments)
        except AssertionError as error:
            scene.told.failed(name, str(error))
            continue
        durability = result["structuredContent"]["durability"]
        scene.told.acks.append(Ack(name, mark, sent, time.time(), durability))
        return


def _table(setting: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the seconds of each client after each fault, a line a client."""
    lines = [f"{setting}: seconds until each is back ({WANTED:.0f} are wanted)"]
    for name in next(iter(rows.values())):
        lines.append(f"{name:<20}" + "".join(f"{row[name]:>8.2f}" for row in rows.values()))
    return "\n".join([lines[0], " " * 20 + ", ".join(rows), *lines[1:]])


def _count(scene: Scene) -> None:
    """All that was acknowledged is on the history that won, and each mark once."""
    told = {ack.mark for ack in scene.told.acks if ack.client not in PEOPLE}

    def lost() -> set[str]:
        scene.ledger.read(scene.redis.master)
        scene.ledger.saw(scene.record.events[scene.session])
        return (told - scene.ledger.titles().keys()) | (scene.people.keys - scene.ledger.keys)

    with suppress(AssertionError):
        wait_until(lambda: not lost(), AGREE_SECONDS)
    missing = lost()
    assert [ack for ack in scene.told.acks if ack.mark in missing] == [], "acknowledged and lost"
    assert [mark for mark, count in scene.ledger.titles().items() if count > 1] == [], "done twice"
    assert scene.record.wrong == [], "what no viewer may be told"
    states = [pod.state(scene.session) for pod in scene.pods]
    assert all(state["position"] == states[0]["position"] for state in states)
    assert all(state["state"] == states[0]["state"] for state in states)
    counts = Counter((ack.client, ack.durability) for ack in scene.told.acks)
    print("acknowledged:", ", ".join(f"{who} {count} {what}" for (who, what), count in counts.items()))
