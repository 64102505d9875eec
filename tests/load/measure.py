"""One load: servers up, users on, what the processes used meanwhile, and what is left when all have gone."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from tests.e2e.kit.server import NO_TLS, Server, call
from tests.load import environment, site
from tests.load.left import Before, left_over, still_open
from tests.load.result import Load, Result, Use
from tests.store.kit.valkey import die_with_parent

ARRIVING = 25  # users a second
USERS_OF_MAP = 9
CONNECT_SECONDS = 120.0  # until the last has come, beside what ARRIVING takes
LEAVE_SECONDS = 30.0  # until all have gone, and until nothing is left of them
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
    if left := _nothing(lambda: still_open(cold, sessions=1)):
        raise Broken(f"before anybody comes there is {', '.join(left)}")
    return Before.of(pod)


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
