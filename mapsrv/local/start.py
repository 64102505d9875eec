"""Starts this user's server as a process of its own, once, however many ask for it at the same time.

The server outlives whoever started it and ends itself when unused. server.lock is held during the
start alone: who does not get it waits for the other's server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from mapsrv.config import SECRET, Config
from mapsrv.errors import StartupError
from mapsrv.local.announcement import LocalServer
from mapsrv.local.find import find_server
from mapsrv.store.lock import FileLock, Locked, read_holder

START_SECONDS = 30.0  # from the process to its announcement; a cold disk and a big store included
POLL_SECONDS = 0.05
IDLE_EXIT = 600  # seconds; a server that was started so ends itself this long after its last use
ENDING_SECONDS = 5.0  # a server that is just ending gives its store up within this
LOG_NAME, LOCK_NAME = "server.log", "server.lock"
MAX_LOG = 1024 * 1024  # bytes; see bound_log
SENTENCE = "mapsrv: "  # begins the line that says why a process ended
LOG_SECONDS = 60.0  # between two looks at its size
MAX_TAIL = 4096  # bytes of the log in which a failed start's sentence is looked for

# Servers that this process started: polled, so that none that ended stays a zombie.
_started: list[subprocess.Popen[bytes]] = []


async def ensure_server(config: Config) -> LocalServer:
    """Return this user's running server, started if there is none. Raises StartupError."""
    if (found := await find_server(config.data_dir)) is not None:
        return found
    async with _turn(config.data_dir) as found:
        if found is not None:
            return found
        until = trio.current_time() + ENDING_SECONDS
        while True:
            try:
                return await _start(config)
            except StartupError:
                if trio.current_time() > until or not _store_is_held(config.store):
                    raise
            await trio.sleep(POLL_SECONDS * 5)
            if (found := await find_server(config.data_dir)) is not None:
                return found


async def watch_log() -> None:
    """Keep this process's log within bounds, for ever."""
    while True:
        bound_log()
        await trio.sleep(LOG_SECONDS)


def bound_log() -> None:
    """Empty this process's stderr if it is a file that has grown over MAX_LOG; it is appended to."""
    with suppress(OSError):
        size = os.lseek(2, 0, os.SEEK_END)
        if size > MAX_LOG:
            os.ftruncate(2, 0)


@asynccontextmanager
async def _turn(data_dir: Path) -> AsyncIterator[LocalServer | None]:
    """Hold server.lock and yield None; or yield the server that another starter made meanwhile."""
    lock, found = None, None
    with trio.move_on_after(START_SECONDS + ENDING_SECONDS):
        while lock is None and found is None:
            lock = await trio.to_thread.run_sync(_take_lock, data_dir)
            if lock is None:
                await trio.sleep(POLL_SECONDS)
            found = await find_server(data_dir)
    if lock is None and found is None:
        raise StartupError(
            f"Another mapsrv has been starting in {data_dir} for too long; end it and try again."
        )
    try:
        yield found
    finally:
        if lock is not None:
            lock.release()


def _take_lock(data_dir: Path) -> FileLock | None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(str(data_dir / LOCK_NAME))
    except Locked:
        return None
    except OSError as error:
        raise StartupError(
            f"The data folder {data_dir} cannot be written ({error.strerror});"
            " choose another with --data-dir PATH."
        ) from error


async def _start(config: Config) -> LocalServer:
    process, log = await trio.to_thread.run_sync(_spawn, config)
    with trio.move_on_after(START_SECONDS):
        while process.poll() is None:
            if (found := await find_server(config.data_dir)) is not None:
                return found
            await trio.sleep(POLL_SECONDS)
        raise StartupError(await trio.to_thread.run_sync(_last_sentence, *log))
    process.kill()
    raise StartupError(f"mapsrv did not start within {START_SECONDS:.0f} seconds; see {log[0]}.")


def _spawn(config: Config) -> tuple[subprocess.Popen[bytes], tuple[Path, int]]:
    """Start the process; return it, and its log with where in it this start begins."""
    _started[:] = [process for process in _started if process.poll() is None]
    log = config.data_dir.absolute() / LOG_NAME
    if log.exists() and log.stat().st_size > MAX_LOG:
        os.replace(log, log.with_suffix(".log.old"))
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as stderr:
        begins = stderr.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "mapsrv", *arguments(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=log.parent,  # not the assistant's: its folder may hold a module of any name
            env=environment(config),
            start_new_session=True,  # neither the host's signals nor its process group end it
        )
    _started.append(process)
    return process, (log, begins)


def arguments(config: Config) -> list[str]:
    """Return the command line of the server that stdio starts; the rest is in environment()."""
    told = {name: value for name, value in _settings(config).items() if name not in SECRET}
    return ["serve", "--no-open", "--any-port", *(f"--{name}={value}" for name, value in told.items())]


def _settings(config: Config) -> dict[str, object]:
    settings: dict[str, object] = {
        "host": config.host,
        "port": config.port,
        "store": _absolute(config.store),
        "data-dir": config.data_dir.absolute(),
        "max-data": config.max_data,
        "max-streams": config.max_streams,
        "session-idle": config.session_idle,
        "session-ttl": config.session_ttl,
        "durability": config.durability,
        "log-level": config.log_level,
        "idle-exit": IDLE_EXIT if config.idle_exit is None else config.idle_exit,
    }
    if config.public_url:
        settings["public-url"] = config.public_url
    if config.log:
        settings["log"] = config.log
    if config.secret_file:
        settings["secret-file"] = config.secret_file.absolute()
    if config.allowed_host:
        settings["allowed-host"] = ",".join(config.allowed_host)
    return settings


def _absolute(store: str) -> str:
    kind, _, path = store.partition(":")
    return f"{kind}:{Path(path).expanduser().absolute()}" if kind == "sqlite" else store


def environment(config: Config | None = None) -> dict[str, str]:
    """Return this process's, with the folder mapsrv was imported from where it is not installed.

    For a child of that Config, also with the settings that may hold a password.
    """
    found = dict(os.environ)
    if config is not None:
        settings = _settings(config)
        found |= {variable: str(settings[name]) for name, variable in SECRET.items()}
    root, known = str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")
    if root != str(Path(sysconfig.get_path("purelib")).resolve()):
        found["PYTHONPATH"] = os.pathsep.join(filter(None, [known, root]))
    return found


def _last_sentence(log: Path, begins: int) -> str:
    with open(log, "rb") as file:
        file.seek(max(begins, log.stat().st_size - MAX_TAIL))
        lines = file.read(MAX_TAIL).decode("utf-8", "replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    told = [line.removeprefix(SENTENCE) for line in said if line.startswith(SENTENCE)] or said
    return told[-1] if told else f"mapsrv ended while starting and said nothing; see {log}."


def _store_is_held(store: str) -> bool:
    """Whether a living process still has the store's lock, as far as its file tells."""
    kind, _, path = store.partition(":")
    pid = read_holder(f"{os.path.realpath(Path(path).expanduser())}.lock").pid if kind == "sqlite" else None
    if pid is None or sys.platform == "win32":  # there os.kill(pid, 0) is no question
        return pid is not None
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
