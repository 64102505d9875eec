"""What a client that asks far too often costs another: its p50 alone, and beside it, as a ratio."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from mapsrv.config.rates import DEFAULT
from tests.bench.load_tool import request
from tests.bench.options import Options
from tests.bench.report import Table, percentile
from tests.bench.talk import open_talker
from tests.bench.targets import view
from tests.e2e.kit.server import Server, running

GREEDY, MODEST = "203.0.113.9", "198.51.100.7"
ALLOWED = 50  # commands a second, by default
TIMES = (1, 10, 100)  # what the greedy one asks of it
PAUSE = 0.025  # seconds between two commands of the modest one: fewer than it may
SETTLE_SECONDS = 1.5  # until the greedy one has used up its burst
UNRATED = "off"

COLUMNS = (
    "the other asks, of what it may",
    "answered it/s",
    "refused",
    "p50 ms alone",
    "beside it",
    "ratio",
    "worst round",
)
NOTE = (
    "set_map_view of one client (a POST to /commands each {pause:.0f} ms, SQLite), alone and beside"
    " another on a map of its own, in turn; both come through a trusted proxy that says their addresses, and"
    " the rates are the default ones ({allowed} commands/s each), but in the last line, where nobody is"
    " counted. The other asks over eight connections, several requests in a write; both clients share two"
    " cores with the server. Ratios are of each round, and their median is shown."
)


def command(port: int, session: str, address: str, number: int) -> bytes:
    """Return a request of a client at that address."""
    body = json.dumps({"command": "set_map_view", "arguments": view(number)}).encode()
    told = {"X_Forwarded_For": address, "Content_Type": "application/json"}
    return request("POST", port, f"/commands?session={session}", body, **told)


async def _waits(port: int, session: str, seconds: float) -> list[float]:
    found: list[float] = []
    async with open_talker(port) as talker:
        until, number = time.perf_counter() + seconds, 0
        while time.perf_counter() < until:
            number += 1
            asked = command(port, session, MODEST, number)
            begun = time.perf_counter()
            await talker.ask(asked)
            found.append((time.perf_counter() - begun) * 1000)
            await trio.sleep(PAUSE)
    return found


@contextmanager
def _flooding(server: Server, session: str, per_second: int, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the greedy one beside the block."""
    file = folder / "request"
    file.write_bytes(command(server.port, session, GREEDY, 1))
    words = [sys.executable, "-m", "tests.bench.flood", str(server.port), str(per_second), str(file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as flood:
        try:
            time.sleep(SETTLE_SECONDS)
            _told(flood)
            yield flood
        finally:
            assert flood.stdin is not None
            flood.stdin.close()


def _told(flood: subprocess.Popen[str]) -> dict[str, int]:
    """Return how often it was answered what since it was asked last."""
    assert flood.stdin is not None and flood.stdout is not None
    flood.stdin.write("\n")
    flood.stdin.flush()
    told: dict[str, int] = json.loads(flood.stdout.readline())
    return told


def _line(table: Table, name: str, rates: str, factor: int, options: Options) -> None:
    alone, beside, ratios, answered, refused = [], [], [], [], []
    with tempfile.TemporaryDirectory(prefix="mapsrv-bench-") as folder:
        flags = ("--trusted-proxies", "127.0.0.1", "--rates", rates)
        with running(Path(folder), *flags) as server:
            ours, theirs = server.new_map(), server.new_map()
            for _ in range(options.rounds):
                alone.append(percentile(trio.run(_waits, server.port, ours, options.seconds), 0.5))
                with _flooding(server, theirs, ALLOWED * factor, Path(folder)) as flood:
                    begun = time.monotonic()
                    beside.append(percentile(trio.run(_waits, server.port, ours, options.seconds), 0.5))
                    told = _told(flood)
                    answered.append(sum(told.values()) / (time.monotonic() - begun))
                refused.append(told.get("429", 0) / max(1, sum(told.values())))
                ratios.append(beside[-1] / alone[-1])
    middle = statistics.median
    shown = (f"{middle(refused):.0%}", middle(alone), middle(beside))
    table.add(name, middle(answered), *shown, f"{middle(ratios):.2g} x", f"{max(ratios):.2g} x")


def measure(options: Options) -> Table:
    """Return the part's table."""
    assert f"commands={ALLOWED}/s" in DEFAULT
    table = Table("A client that asks too often", COLUMNS, NOTE.format(pause=PAUSE * 1000, allowed=ALLOWED))
    for factor in TIMES:
        _line(table, f"{factor:,} times ({ALLOWED * factor:,}/s)", DEFAULT, factor, options)
    _line(table, f"{TIMES[-1]:,} times, `--rates off`", UNRATED, TIMES[-1], options)
    return table
