"""One load: servers up, users on, what the processes used meanwhile, and what is left when all have gone."""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from mapsrv.style_spec.child import COMMAND
from mapsrv.style_spec.engine import CHILDREN
from tests.bench.targets import process_id
from tests.e2e.kit.server import NO_TLS, Server, call
from tests.load import environment, site
from tests.load.left import Before, left_over, still_open
from tests.load.result import Load, Result, Use
from tests.store.kit.valkey import die_with_parent

ARRIVING = 25  # users a second
USERS_OF_MAP = 9
CONNECT_SECONDS = 120.0  # until the last has come, beside what ARRIVING takes
LEAVE_SECONDS = 30.0  # until all have gone, and until nothing is left of them
WARM_SECONDS = 60.0  # until each server has all children that it keeps
WORKER = COMMAND[-1]
POINT = {"type": "Point", "coordinates": [7, 46]}
EARLY = 1.0  # seconds before the end at which all are still there


class Broken(Exception):
    """A load that did not come to its end; holds what locust said."""


def run(load: Load, seconds: float) -> Result:
    """Return what a load of so many seconds gave. All its processes end with it."""
    if (wrong := environment.problem()) is not None:
        raise Broken(wrong)
    with tempfile.TemporaryDirectory(prefix="mapsrv-load-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker is another user
        with (site.two_pods if load.pods else site.alone)(folder) as here:
            before = {pod: _warm(pod) for pod in here.pods}
            idle = Use.of(here.pids)
            maps = [here.pods[n % len(here.pods)].new_map() for n in range(-(-load.users // USERS_OF_MAP))]
            (folder / "maps").write_text("\n".join(maps))
            result = _loaded(load, seconds, here, folder, idle)
            here.close_front()
            result.left = _nothing(lambda: left_over(before, load.sse))
            return result


def _warm(pod: Server) -> Before:
    """Have it do once what it makes something for that stays; return how it is then."""
    cold = {pod: Before.of(pod)}
    session_id = pod.new_map()
    for transport in ("sse", "http"):
        call(pod, transport, ("get_map_state", {"session_id": session_id}))
    with httpx2.stream("GET", f"{pod.url}/events?session={session_id}", verify=NO_TLS) as answer:
        next(answer.iter_raw())
    pod.command(session_id, "open_map", title="Warm")
    _warm_engine(pod)
    if left := _nothing(lambda: still_open(cold, sessions=1)):
        raise Broken(f"before anybody comes there is {', '.join(left)}")
    return Before.of(pod)


def _warm_engine(pod: Server) -> None:
    """Have styles judged side by side until it has every child that it ever has for that."""
    pid, until = process_id(pod), time.monotonic() + WARM_SECONDS
    maps, radius = [pod.new_map() for _ in range(2 * CHILDREN)], itertools.count(1)

    def add(session_id: str) -> None:  # another style each time, since verdicts are remembered
        circle = {"type": "circle", "paint": {"circle-radius": ["+", next(radius), 1]}}
        pod.command(session_id, "add_layer", id="warm", source=POINT, layers=[circle])

    with ThreadPoolExecutor(len(maps)) as callers:
        while _children(pid).count(WORKER) < CHILDREN:
            list(callers.map(add, maps))
            if time.monotonic() > until:
                raise Broken(f"it has {_children(pid)} as children, and never {CHILDREN} of {WORKER}")


def _children(pid: int) -> list[str]:
    """Return the last word of each command that a process runs as a child."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    pids = [child for one in lists for child in one.read_text().split()]
    words = [Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0") for child in pids]
    return [told[-2] for told in words if len(told) > 1]


def _loaded(load: Load, seconds: float, here: site.Site, folder: Path, idle: Use) -> Result:
    """Have the users come, do what they do, and leave."""
    users = {"--sse": load.sse, "--mcp": load.mcp, "--pages": load.pages, "-u": load.users, "-r": ARRIVING}
    words = [*environment.words(), "--headless", "--only-summary", "--loglevel", "WARNING", "-H", here.url]
    words += [str(word) for pair in users.items() for word in pair]
    words += ["--seconds", str(seconds), "--maps", str(folder / "maps"), "--folder", str(folder)]
    said = folder / "locust.log"
    with said.open("wb") as log:
        process = subprocess.Popen(die_with_parent(words), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        kinds = {"mapsrv": here.pids, **here.beside, "load tool": {process.pid}}
        _wait(process, folder / "begun", load.users / ARRIVING + CONNECT_SECONDS, said)
        begun, first = time.monotonic(), {kind: Use.of(pids) for kind, pids in kinds.items()}
        time.sleep(max(0.0, seconds - EARLY))
        last, took = {kind: Use.of(pids) for kind, pids in kinds.items()}, time.monotonic() - begun
        counted = folder / "counted.json"
        _wait(process, counted, EARLY + LEAVE_SECONDS, said)
        process.wait(LEAVE_SECONDS)
    finally:
        process.kill()
        process.wait()
    cores = {kind: (last[kind].cpu - first[kind].cpu) / took for kind in kinds}
    told = json.loads(counted.read_text())
    return Result(load, **told, cores=cores, idle=idle.memory, loaded=last["mapsrv"].memory)


def _wait(process: subprocess.Popen[bytes], file: Path, seconds: float, said: Path) -> None:
    """Wait until locust has made a file. Raises Broken."""
    end = time.monotonic() + seconds
    while not file.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise Broken(f"there is no {file.name}: {said.read_text()[-2000:]}")
        time.sleep(0.05)


def _nothing(left: Callable[[], list[str]]) -> list[str]:
    """Return what is left, once that is nothing or it has had its time."""
    end = time.monotonic() + LEAVE_SECONDS
    while (found := left()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
