"""Who is loaded: one mapsrv on SQLite, or two on a Valkey behind nginx, which asks them in turn.

Nobody is counted, since all users come from one address, and there is room for ten times a thousand of
them. A broken stream is not waited for, and a map leaves memory when its last viewer has left, so that what
is left over after a load is seen soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.targets import process_id
from tests.bridge.kit import proc
from tests.e2e.kit import nginx
from tests.e2e.kit.pods import pods
from tests.e2e.kit.server import Server, running

ROOM = "10000"
FLAGS = ("--rates", "off", "--max-mcp-sessions", ROOM, "--max-mcp-sessions-a-client", ROOM)
FLAGS += ("--mcp-resume", "1s", "--session-idle", "1s")


@dataclass
class Site:
    """What runs. `url` is what users are told; `beside` are processes besides the pods, by what they are."""

    url: str
    pods: list[Server]
    beside: dict[str, set[int]] = field(default_factory=dict)
    close_front: Callable[[], None] = lambda: None  # a proxy keeps connections, which are not the users'

    @property
    def pids(self) -> set[int]:
        """The pods' processes, those that they have started too."""
        own = {process_id(pod) for pod in self.pods}
        return own.union(*map(proc.below, own))


@contextmanager
def alone(folder: Path) -> Iterator[Site]:
    """Run one on SQLite."""
    with running(folder, *FLAGS) as server:
        yield Site(server.url, [server])


@contextmanager
def two_pods(folder: Path) -> Iterator[Site]:
    """Run two on a Valkey of their own, and nginx before them."""
    with pods(folder, Server, Server, flags=FLAGS) as (redis, servers), ExitStack() as stack:
        proxy = stack.enter_context(nginx.round_robin(folder / "nginx", servers))
        first = int((proxy.folder / "nginx.pid").read_text())
        beside = {"nginx": {first} | proc.below(first), "Valkey": {redis.process.pid}}
        yield Site(proxy.url, servers, beside, stack.close)
