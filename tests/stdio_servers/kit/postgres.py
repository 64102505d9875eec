"""A real PostgreSQL for tests, from Debian's package, on a free loopback port.

PostgreSQL refuses to be root's, so root runs it as the package's own user, in a folder of that user's.
It dies with the process that started it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.kit.ports import free_port
from tests.store.kit.valkey import die_with_parent

START_SECONDS = 60.0  # it writes a new cluster's files first, on a disk that others use too
STOP_SECONDS = 10.0
PASSWORD = "p%40ss w'ord"
USER = "tester"
ROOTS_OWN = "postgres"  # the user that Debian's package makes


def binaries() -> Path | None:
    """Return the folder of the newest installed release, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


def as_its_user(command: list[str]) -> list[str]:
    """Return a command that does the same as a user that PostgreSQL accepts, and dies with this process."""
    if os.geteuid() != 0:
        return die_with_parent(command)
    # A change of user clears what prctl was told before it, hence setpriv's own way.
    user = [f"--reuid={ROOTS_OWN}", f"--regid={ROOTS_OWN}", "--clear-groups", "--pdeathsig=KILL"]
    return ["setpriv", *user, *command]


@dataclass
class Server:
    port: int
    folder: Path
    programs: Path
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = USER) -> str:
        return f"postgresql://{user}:p%2540ss%20w%27ord@127.0.0.1:{self.port}/{database}"

    def do(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Carry out one statement of a test, and return its rows."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=10) as link:
            done = link.execute(statement.encode())
            return done.fetchall() if done.description else []

    def start(self) -> None:
        words = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-F"]
        words += ["-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=30"]
        with open(self.folder / "log.txt", "ab") as log:
            self.process = subprocess.Popen(as_its_user(words), stdout=log, stderr=log, cwd=self.folder)
        end = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.do("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise RuntimeError((self.folder / "log.txt").read_text())

    def stop(self) -> None:
        """End it at once, as a crash would, but for the shared memory, which it gives back."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """Run a new, empty server until the block ends."""
    # Not pytest's folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="mapsrv-postgres-"))
    server = Server(free_port(), folder, programs)
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder / "password", folder):
                shutil.chown(path, ROOTS_OWN, ROOTS_OWN)
        words = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "scram-sha-256"]
        words += ["--pwfile", str(folder / "password"), "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(as_its_user(words), check=True, capture_output=True, cwd=folder)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
