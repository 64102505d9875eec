"""A wrapper as a process in front of an abuse child, on a free port; all that it started ends with it."""

from __future__ import annotations

import copy
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bridge.kit import proc
from tests.bridge.kit.wrappers import Wrapper
from tests.kit.ports import free_port
from tests.store.kit.valkey import die_with_parent

ABUSE = Path(__file__).with_name("abuse.py")
START_SECONDS = 30.0
STOP_SECONDS = 12.0  # mapsrv gives a child 4 s, and connections some more


class Running:
    """A wrapper that runs in front of an abuse child."""

    def __init__(self, wrapper: Wrapper, transport: str, folder: Path, *flags: str) -> None:
        self.wrapper, self.transport = wrapper, transport
        self.path, self.port = wrapper.paths[transport], free_port()
        self.token = f"abuse-{secrets.token_hex(8)}"
        self.program = Path(shutil.copy(ABUSE, folder))  # a copy, so that a test may take it away
        self.obeyed = True  # it ended when told to
        self._log = folder / "log.txt"
        child = [sys.executable, "-I", "-S", str(self.program), self.token]
        words = die_with_parent(wrapper.command(self.port, transport, flags, child))
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def over(self, transport: str) -> Running:
        """Return the same wrapper, asked over another transport."""
        other = copy.copy(self)
        other.path, other.transport = self.wrapper.paths[transport], transport
        return other

    @property
    def where(self) -> tuple[int, str, str]:
        """What a client needs: port, path and transport."""
        return self.port, self.path, self.transport

    @property
    def pid(self) -> int:
        """The wrapper's own process."""
        return self.process.pid

    @property
    def log(self) -> str:
        """All that the wrapper has said."""
        return self._log.read_text(errors="replace")

    def children(self) -> set[int]:
        """Return all that runs for it, its children's children too."""
        return proc.named(self.token) - {self.pid}

    def memory(self) -> tuple[int, int]:
        """Return the memory of the wrapper with all that it started, and without the children proper."""
        children = self.children()
        without = sum(map(proc.memory, ({self.pid} | proc.below(self.pid)) - children))
        return without + sum(map(proc.memory, children)), without

    def ended(self) -> bool:
        """Return whether the wrapper is no more."""
        return self.process.poll() is not None

    def listens(self) -> bool:
        """Return whether a client may connect."""
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> set[int]:
        """End it as a user does; return what it leaves behind, which is ended too."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.obeyed = False
            self.process.kill()
            self.process.wait()
        left = self.children()
        proc.kill(left)
        return left


@contextmanager
def running(wrapper: Wrapper, transport: str, *flags: str, ready: bool = True) -> Iterator[Running]:
    """Run a wrapper until the block ends; nothing of it is left then."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-bridge-") as folder:
        run = Running(wrapper, transport, Path(folder), *flags)
        try:
            if ready:
                proc.wait_until(lambda: run.ended() or run.listens(), START_SECONDS)
                if run.ended() or not run.listens():
                    raise RuntimeError(f"{wrapper.name} did not start: {run.log[-2000:]}")
            yield run
        finally:
            run.stop()
