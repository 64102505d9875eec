"""What a load is, what it gave, and the two tables that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.machine import cpu_seconds
from tests.bench.report import Table, percentile
from tests.bridge.kit import proc

CALLS_OF_USER = 8  # a minute, of an assistant: what the PACE of users/assistants.py makes
SHARES = (0.5, 0.95, 0.99)
MIB, KIB = 2**20, 2**10


@dataclass(frozen=True, slots=True)
class Load:
    """How many users of each kind there are, and before how many servers."""

    sse: int
    mcp: int
    pages: int
    pods: bool = False

    @property
    def users(self) -> int:
        return self.sse + self.mcp + self.pages

    @property
    def calls(self) -> int:
        """Calls a minute."""
        return (self.sse + self.mcp) * CALLS_OF_USER

    @property
    def title(self) -> str:
        where = "two pods behind nginx" if self.pods else "alone"
        return f"{self.sse:,} SSE sessions, {self.calls:,} calls a minute, {where}"


@dataclass(frozen=True, slots=True)
class Use:
    """What processes use: CPU seconds so far, and bytes of memory (PSS)."""

    cpu: float
    memory: int

    @classmethod
    def of(cls, pids: Iterable[int]) -> Use:
        """Look at processes that run."""
        known = list(pids)
        return cls(sum(map(cpu_seconds, known)), sum(map(proc.memory, known)))


@dataclass(slots=True)
class Result:
    """What a load gave. Times are ms, by name; memory is the pods', in bytes, with nobody and with all."""

    load: Load
    seconds: float
    times: Mapping[str, Sequence[float]]
    failed: Mapping[str, int]
    examples: Sequence[str]
    cores: Mapping[str, float]  # how much of a core each used
    idle: int
    loaded: int
    left: Sequence[str] = ()  # when all had gone

    @property
    def errors(self) -> float:
        """The share of all that was asked for which was refused or broke."""
        failed = sum(self.failed.values())
        return failed / max(1, failed + sum(map(len, self.times.values())))

    @property
    def calls(self) -> float:
        """Answered calls a minute."""
        answered = sum(len(times) for name, times in self.times.items() if name.startswith("call "))
        return answered / self.seconds * 60


NAMES = {
    "connect /sse": "an assistant over /sse connects",
    "connect /mcp": "an assistant over /mcp connects",
    "connect /events": "a page connects",
    "call /sse": "a call over /sse",
    "call /mcp": "a call over /mcp",
    "shown /events": "a camera is on a page",
}
USERS = ("mapsrv", "nginx", "Valkey", "load tool")  # of the cores
WAITS, WAITS_COLUMNS = (
    "Under load: what people and models wait for",
    ("what", "a minute", "errors", "p50 ms", "p95 ms", "p99 ms"),
)
COSTS, COSTS_COLUMNS = (
    "Under load: what it costs",
    ("load", "cores: mapsrv", *USERS[1:], "MiB with nobody", "with all", "KiB each"),
)
WAITS_NOTE = (
    "Each load for {:.0f} s, after all had connected, 25 a second. Of nine users of a map four are assistants"
    " over /sse, one is over /mcp, and four are pages; an assistant makes a call each 7.5 s: half move the"
    " camera, the others add a layer, look at the map, or list the layers. A call is timed from its POST to"
    " its answer (over /sse that is on the stream), connecting to the answer to initialize or to the page's"
    " snapshot, a camera from when the assistant asked to the page's stream. Errors are all that was refused"
    " or broke, streams too. Alone is one process on SQLite; two pods share a Valkey, and nginx asks them in"
    " turn. Users, servers, nginx and Valkey share the machine."
)
COSTS_NOTE = (
    "Cores are CPU seconds a second, of all processes of a kind. Memory is PSS of mapsrv's processes, before"
    " the first user came and a second before all left; what it grew by, maps and all, is divided by the"
    " streams, those of assistants and of pages."
)


def tables(results: Sequence[Result]) -> tuple[Table, Table]:
    """Return what users waited for, and what the servers used meanwhile."""
    waits = Table(WAITS, WAITS_COLUMNS, WAITS_NOTE.format(results[0].seconds))
    costs = Table(COSTS, COSTS_COLUMNS, COSTS_NOTE)
    for result in results:
        title = result.load.title
        waits.add(f"**{title}**", result.calls, f"{result.errors:.2%}", None, None, None)
        for name, times in sorted(result.times.items()):
            failed = result.failed.get(name, 0)
            errors = f"{failed / (failed + len(times)):.2%}"
            often = None if name.startswith("connect ") else len(times) / result.seconds * 60
            waits.add(NAMES[name], often, errors, *(percentile(times, share) for share in SHARES))
        each = (result.loaded - result.idle) / (result.load.sse + result.load.pages) / KIB
        used = [result.cores.get(who) for who in USERS]
        costs.add(title, *used, result.idle / MIB, result.loaded / MIB, each)
    return waits, costs
