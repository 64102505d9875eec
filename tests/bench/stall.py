"""How long the event loop stands still while a large GeoJSON file is added.

The server runs in this process, so that its loop can be looked at: a task that ticks every
millisecond tells how late it is, and an Instrument times every single step. The file comes from
another process.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Any

import trio

from mapsrv.config import Config
from mapsrv.server import serve
from tests.bench.options import Options
from tests.bench.report import Table, times
from tests.kit.ports import free_port

TICK = 0.001  # seconds
IDLE_SECONDS = 3.0  # for what the machine itself does to a loop
STEP_SECONDS = 120.0
POINTS = 60  # of each polygon's ring: some 1.3 KB of JSON

COLUMNS = ("while", "took s", "latest tick ms", "longest step ms", "the step's task")
NOTE = (
    "The server runs in the measuring process; the file comes from another. A tick is late by other"
    " processes' doing too: see the idle loop. Parsing in the handler is json.loads of the same file in this"
    " process, which is what a server does that reads the body with request.json(); compared are the ticks."
)


class Watch(trio.abc.Instrument):
    """Times steps of tasks, and takes the lateness of ticks. Seconds."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget what was."""
        self.begun, self.took = time.perf_counter(), 0.0
        self.latest = self.longest = 0.0
        self.task = ""

    def end(self) -> None:
        """Take the time; what comes before the next begin() does not count."""
        self.took = time.perf_counter() - self.begun
        self.seen = self.latest, self.longest, self.task

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Note when a step begins, by the processor's clock: what else the machine does is no step."""
        self._step = time.thread_time()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """Keep the longest."""
        took = time.thread_time() - self._step
        if took > self.longest:
            self.longest, self.task = took, task.name.rpartition(".")[2]

    async def tick(self) -> None:
        """Tick for ever."""
        while True:
            before = time.perf_counter()
            await trio.sleep(TICK)
            self.latest = max(self.latest, time.perf_counter() - before - TICK)

    def add_to(self, table: Table, name: str) -> None:
        """Make a row of what was between begin() and end()."""
        latest, longest, task = self.seen
        table.add(name, self.took, latest * 1000, longest * 1000, task)


def large_geojson(mebibytes: int) -> Iterator[str]:
    """Yield the text of a FeatureCollection of polygons, somewhat under that size."""
    yield '{"type":"FeatureCollection","features":['
    size, number = 0, 0
    while size < mebibytes * 1024 * 1024 - 4096:
        west, south = number % 340 - 170, number % 160 - 80
        ring = [[west + (at * at % 97) / 89.7, south + (at * number % 89) / 83.1] for at in range(POINTS)]
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        properties = {"name": f"area {number}", "class": number % 12}
        feature = {"type": "Feature", "id": number, "properties": properties, "geometry": geometry}
        text = ("," if number else "") + json.dumps(feature, separators=(",", ":"))
        size, number = size + len(text), number + 1
        yield text
    yield "]}"


@contextmanager
def prepared(mebibytes: int) -> Iterator[tuple[Path, Path]]:
    """Give a folder for the server and the large file in it."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-bench-") as name:
        file = Path(name) / "large.geojson"
        with file.open("w") as out:
            out.writelines(large_geojson(mebibytes))
        yield Path(name), file


# The client: reads the file, says so, waits for a line, posts it, and prints the answer on one line.
CLIENT = """
import sys, httpx
body = open(sys.argv[2], "rb").read()
print(flush=True)
sys.stdin.readline()
headers = {"Content-Type": "application/json"}
answer = httpx.post(sys.argv[1], content=body, headers=headers, timeout=120, trust_env=False)
assert answer.is_success, answer.text
print(answer.text.strip())
"""


async def send(watch: Watch, url: str, file: Path) -> dict[str, Any]:
    """POST a file from another process, watched from when that is ready; return the answer."""
    command = [sys.executable, "-c", CLIENT, url, str(file)]
    client = partial(trio.run_process, command, stdin=PIPE, stdout=PIPE)
    answer = b""
    with trio.fail_after(STEP_SECONDS):
        async with trio.open_nursery() as nursery:
            process = await nursery.start(client)
            await process.stdout.receive_some(1)
            watch.begin()
            await process.stdin.send_all(b"\n")
            while not answer.endswith(b"\n"):
                answer += await process.stdout.receive_some()
            watch.end()
    value: dict[str, Any] = json.loads(answer)
    return value


async def _watched(watch: Watch, folder: Path, file: Path, table: Table, name: str) -> None:
    store = f"sqlite:{folder / 'maps.sqlite'}"
    config = Config(port=free_port(), store=store, data_dir=folder, log_level="warning", rates=())
    async with trio.open_nursery() as nursery:
        url = await nursery.start(serve, config)
        nursery.start_soon(watch.tick)
        await trio.sleep(1)  # the worker process that is started ahead
        watch.begin()
        await trio.sleep(IDLE_SECONDS)
        watch.end()
        watch.add_to(table, "idle")
        small = folder / "small.json"
        small.write_text("{}")
        session = (await send(watch, f"{url}/sessions", small))["session_id"]
        data = (await send(watch, f"{url}/data?session={session}", file))["data"]
        watch.add_to(table, f"POST /data of {name}")
        small.write_text(json.dumps({"command": "add_layer", "arguments": {"id": "large", "source": data}}))
        await send(watch, f"{url}/commands?session={session}", small)
        watch.add_to(table, "add_layer of it, by reference")
        nursery.cancel_scope.cancel()


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("The longest stall of the event loop", COLUMNS, NOTE)
    with prepared(options.mebibytes) as (folder, file):
        name = f"{file.stat().st_size / 2**20:.1f} MiB"
        watch = Watch()
        trio.run(_watched, watch, folder, file, table, name, instruments=[watch])
        latest = max(float(row[2] or 0) for row in table.rows[1:])
        if options.rivals:
            body = file.read_bytes()
            begun = time.perf_counter()
            json.loads(body)
            took = (time.perf_counter() - begun) * 1000
            told = f"{times(took, latest)} mapsrv's"
            table.add(f"parsing {name} in the handler", took / 1000, took, took, told)
    return table
