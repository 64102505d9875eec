"""The processes of a run: pods, a Redis that can be killed and started again, and Redis with sentinels.

All are started by the main thread, and die with it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.kit.server import START_SECONDS, Unrated, wait_until
from tests.kit.ports import free_port
from tests.store.kit import valkey

MASTER = "maps"  # what the sentinels call it
REPLICATOR, SECRET = "replicator", "for-one-run"
DOWN_MS = "1000"  # a master that is silent for so long is taken for dead
ATTACH_SECONDS = 10.0  # for replica and sentinels to find each other
FAILOVER_SECONDS = 30.0


class Pod(Unrated):
    """One mapsrv; begin() and ready() apart, so that several start at once."""

    def __init__(self, folder: Path, name: str, store: str) -> None:
        folder.mkdir(parents=True)
        super().__init__(folder, "--store", store)
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Start the process; it may not answer yet."""
        command = [sys.executable, "-m", "mapsrv", "--no-open", "--port", str(self.port), *self.flags]
        words = valkey.die_with_parent(command)
        with (self.folder / "stderr.log").open("ab") as log:
            self.process = subprocess.Popen(words, env=self.env, stdout=subprocess.DEVNULL, stderr=log)

    def ready(self) -> None:
        """Wait until it can serve."""
        process = self.process
        assert process is not None
        wait_until(lambda: self.answers("/ready") or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, self.log

    def start(self) -> None:
        self.begin()
        self.ready()


@contextmanager
def running_pods(folder: Path, stores: Sequence[str]) -> Iterator[list[Pod]]:
    """Run a pod on each of the stores until the block ends."""
    pods = [Pod(folder / f"pod-{name}", name, store) for name, store in zip("abc", stores, strict=False)]
    try:
        for pod in pods:
            pod.begin()
        for pod in pods:
            pod.ready()
        yield pods
    finally:
        for pod in pods:
            if pod.process is not None:
                pod.stop(signal.SIGKILL)


class Redis:
    """One valkey-server at one address, whatever becomes of its process."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.port = free_port()
        self.start()

    def start(self, *, empty: bool = False) -> None:
        """Start it on what it last saved, or on nothing."""
        if empty:
            (self._folder / "dump.rdb").unlink(missing_ok=True)
        self.server = self._stack.enter_context(valkey.running(self._folder, port=self.port))

    @property
    def url(self) -> str:
        """What pods are given."""
        return self.server.url

    @property
    def master(self) -> valkey.Server:
        """The one that is written to."""
        return self.server

    def save(self) -> None:
        """Write an RDB file now; the reply comes when it is written."""
        assert self.server.do("SAVE") == "+OK\r\n"


class Watched:
    """A master, its replica and their sentinels."""

    def __init__(self, folder: Path, stack: ExitStack, sentinels: int) -> None:
        run = stack.enter_context
        self.master = run(valkey.running(folder / "master", port=free_port()))
        self.master.do("ACL", "SETUSER", REPLICATOR, "on", f">{SECRET}", "+psync", "+replconf", "+ping")
        words = ["--replicaof", f"127.0.0.1 {self.master.port}"]
        words += ["--masteruser", REPLICATOR, "--masterauth", SECRET, "--repl-diskless-sync-delay", "0"]
        self.replica = run(valkey.running(folder / "replica", *words, port=free_port()))
        wait_until(lambda: _facts(self.replica).get("master_link_status") == "up", ATTACH_SECONDS)
        self.sentinels = [
            run(valkey.running(folder / f"sentinel-{n}", port=free_port(), sentinel=True))
            for n in range(sentinels)
        ]
        for sentinel in self.sentinels:
            where = ("127.0.0.1", str(self.master.port), str(sentinels // 2 + 1))
            sentinel.do("SENTINEL", "MONITOR", MASTER, *where)
            sentinel.do("SENTINEL", "SET", MASTER, "down-after-milliseconds", DOWN_MS)
            sentinel.do("SENTINEL", "SET", MASTER, "failover-timeout", "3000")
        wait_until(lambda: all(map(self._knows_all, self.sentinels)), ATTACH_SECONDS)

    def _knows_all(self, sentinel: valkey.Server) -> bool:
        said = sentinel.do("SENTINEL", "MASTER", MASTER).split("\r\n")
        value = {name: said[n + 2] for n, name in enumerate(said[:-2])}
        others = str(len(self.sentinels) - 1)
        return value["num-slaves"] == "1" and value["num-other-sentinels"] == others

    @property
    def url(self) -> str:
        """What pods are given."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{MASTER}"

    def hold_back(self) -> None:
        """Cut the replication, so that the replica hears of nothing more."""
        self.master.do("ACL", "SETUSER", REPLICATOR, "off")
        self.master.do("CLIENT", "KILL", "TYPE", "replica")

    def lag(self) -> int:
        """Return how many bytes of replication the replica lacks."""
        ends = [_facts(server)["master_repl_offset"] for server in (self.master, self.replica)]
        return int(ends[0]) - int(ends[1])

    def wait_for_failover(self) -> None:
        """Wait until the replica is the master; from then on it is written to."""
        wait_until(lambda: _is(self.replica, "master"), FAILOVER_SECONDS)
        self.master, self.replica = self.replica, self.master

    def wait_until_demoted(self, server: valkey.Server) -> None:
        """Wait until the sentinels have told an old master that it is none: about 8 s."""
        wait_until(lambda: _is(server, "slave"), FAILOVER_SECONDS)


def _is(server: valkey.Server, role: str) -> bool:
    try:
        return _facts(server).get("role") == role  # half an answer has none
    except ConnectionError:  # a server that changes its role hangs up on all
        return False


def _facts(server: valkey.Server) -> dict[str, str]:
    lines = server.do("INFO", "replication").split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)
