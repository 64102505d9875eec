"""Where the microseconds of a command, an open, a delivery and a tool call go, by part."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench import cores, load_tool
from tests.bench.load_tool import Broken, Loaded, LoadTool
from tests.bench.options import Options
from tests.bench.peers import cases, mcp, servers
from tests.bench.report import Table
from tests.e2e.kit.server import Server, running, wait_until

SAMPLER = Path(__file__).with_name("sampler.py")
ROOMS = ("Trio", "HTTP", "SDK", "ours", "other")
COLUMNS = ("an operation of", "us", "kernel", *ROOMS)
NOTE = (
    "CPU us of the server for each operation, by schedstat, on a store in memory, since that has no threads."
    " Kernel is the share of system time that /proc tells. User time is divided by samples: at each tick"
    " of a timer that counts nothing but user time, the innermost frame that belongs to a room is taken"
    " (sampler.py). Each line has {count:,} samples or more. HTTP is Hypercorn, what parses, and Quart; SDK"
    " is mcp with what it brings; other is what no room's code asked for."
)


def divided(each: float, kernel: float, ticks: Mapping[str, int]) -> list[float]:
    """Return the microseconds of an operation by part: all, the kernel's share, and each room's.

    The rooms divide what is not the kernel's, as their ticks are to each other.
    """
    total = sum(ticks.values())
    user = each * (1 - kernel)
    return [each, each * kernel, *(user * ticks.get(room, 0) / total if total else 0.0 for room in ROOMS)]


class Sampled:
    """A mapsrv whose time is sampled. Made by sampled()."""

    def __init__(self, server: Server, file: Path) -> None:
        assert server.process is not None
        self.server, self.pid, self._file = server, server.process.pid, file
        self.samples = 0

    def parts(self, load: Callable[[], Loaded]) -> list[float]:
        """Return the microseconds of each operation of this load."""
        loaded = load()
        ticks = self._ticks()
        self.samples = sum(ticks.values())
        return divided(loaded.cpu_us, loaded.kernel, ticks)

    def _ticks(self) -> dict[str, int]:
        wait_until(self._file.exists)
        found: dict[str, int] = json.loads(self._file.read_text())
        return found


@contextmanager
def sampled(python: str | None) -> Iterator[Sampled]:
    """Run mapsrv under the sampler, on a store in memory."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-bench-") as name:
        file = Path(name) / "ticks.json"
        kind = type(
            "Sampled", (servers.mapsrv_kind(python),), {"program": (str(SAMPLER), str(file), "mapsrv")}
        )
        with running(Path(name), "--store", "memory:", kind=kind) as server:
            yield Sampled(server, file)


def _loads(tool: LoadTool, seconds: float) -> dict[str, Callable[[Server, int], Loaded]]:
    def at(server: Server, pid: int) -> servers.Served:
        return servers.served(server.port, pid, server.new_map())

    def commands(connections: int) -> Callable[[Server, int], Loaded]:
        return lambda server, pid: tool.post(
            server.port, pid, at(server, pid).posts(connections), connections, seconds
        )

    def fan(senders: int) -> Callable[[Server, int], Loaded]:
        def load(server: Server, pid: int) -> Loaded:
            one = at(server, pid)
            posts = one.posts(senders)
            return tool.fan(server.port, pid, one.get, one.marks, posts, cases.VIEWERS, seconds)

        return load

    def opens(server: Server, pid: int) -> Loaded:
        one = at(server, pid)
        return tool.open(server.port, pid, one.get, one.marks[0], (0, cases.OPENED))

    def calls(server: Server, pid: int) -> Loaded:
        count, arguments = cases.MCP_CONNECTIONS, cases.view_of(server.new_map())
        bodies = [mcp.call("set_map_view", arguments, n) for n in range(count)]
        requests = [mcp.http_session(server.port, "/mcp", one, n) for n, one in enumerate(bodies)]
        return tool.post(server.port, pid, requests, count, seconds)

    return {
        f"a command, {cases.CONNECTIONS} connections": commands(cases.CONNECTIONS),
        "a command, one by one": commands(1),
        "a stream opened": opens,
        f"a delivery to {cases.VIEWERS} viewers, one by one": fan(1),
        f"the same, {cases.SENDERS} senders": fan(cases.SENDERS),
        f"a tool call, {cases.MCP_CONNECTIONS} connections": calls,
    }


def measure(options: Options) -> Table:
    """Return the part's table."""
    table, samples = Table("The microseconds by part", COLUMNS), []
    with cores.on_load_core(), load_tool.open_load_tool(signals=True) as tool:
        for name, load in _loads(tool, options.seconds).items():
            for who, python in {"mapsrv": None, "landed": options.landed}.items():
                if who == "landed" and python is None:
                    continue
                with sampled(python) as run:
                    try:
                        parts = run.parts(lambda: load(run.server, run.pid))  # noqa: B023
                    except Broken as error:
                        table.add(f"{who}, {name}: {error}"[:200], *[None] * (len(COLUMNS) - 1))
                        continue
                    samples.append(run.samples)
                table.add(f"{who}, {name}", *parts)
    table.note = NOTE.format(count=min(samples, default=0))
    return table
