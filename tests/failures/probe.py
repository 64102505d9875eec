"""Asks pods all the time whether they live and can serve, and how much memory they have."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx2

from tests.e2e.kit.server import NO_TLS
from tests.failures.processes import Pod
from tests.failures.record import now

EVERY = 0.1  # seconds between two questions to one pod
LATEST = 10.0  # seconds that an answer is waited for; one that does not come counts so much
MIB = 1024 * 1024
PAGE = 4096


class Probe:
    """What was found since it began. Made by probing()."""

    def __init__(self, pods: Sequence[Pod]) -> None:
        self.slowest = 0.0  # seconds until an answer
        self.errors: list[str] = []
        self._pods = pods
        self._before = [memory(pod) for pod in pods]
        self._most = list(self._before)
        self._over = threading.Event()

    @property
    def grown(self) -> float:
        """By how many MiB the one that grew most had grown when it was largest."""
        both = zip(self._most, self._before, strict=True)
        return max(((most - before) / MIB for most, before in both), default=0.0)

    def run(self, index: int) -> None:
        """Be the thread of one pod."""
        pod = self._pods[index]
        with httpx2.Client(base_url=pod.url, timeout=LATEST, verify=NO_TLS) as client:
            while not self._over.is_set():
                for path in ("/health", "/ready"):
                    self._ask(client, pod, path)
                self._most[index] = max(self._most[index], memory(pod))
                time.sleep(EVERY)

    def _ask(self, client: httpx2.Client, pod: Pod, path: str) -> None:
        asked = now()
        try:
            status = client.get(path).status_code
        except httpx2.HTTPError as error:
            status = type(error).__name__
        self.slowest = max(self.slowest, now() - asked)
        if status != 200:
            self.errors.append(f"pod {pod.name} answered {path} with {status}")

    def end(self) -> None:
        """Have the threads end."""
        self._over.set()


def memory(pod: Pod) -> int:
    """Return the resident bytes of a pod."""
    assert pod.process is not None
    with open(f"/proc/{pod.process.pid}/statm", encoding="ascii") as facts:
        return int(facts.read().split()[1]) * PAGE


@contextmanager
def probing(pods: Sequence[Pod]) -> Iterator[Probe]:
    """Ask until the block ends."""
    probe = Probe(pods)
    threads = [threading.Thread(target=probe.run, args=(n,), daemon=True) for n in range(len(pods))]
    for thread in threads:
        thread.start()
    try:
        yield probe
    finally:
        probe.end()
        for thread in threads:
            thread.join(LATEST)
