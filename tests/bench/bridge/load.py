"""Calls a second and how long one waits for each: of a wrapper's sessions, and of a child's bare pipes."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import trio

from tests.bench.machine import cpu_seconds
from tests.bench.report import percentile
from tests.bridge.kit import proc
from tests.bridge.kit.client import open_session
from tests.bridge.kit.raw import StdioSession
from tests.bridge.kit.running import ABUSE, Running
from tests.bridge.kit.session import Session

WARM_UP_SECONDS = 2.0  # of the same load before the clock starts: some wrappers compile while they run
IDS = 1_000_000  # of a session: one wrapper mixes up sessions that use the same
Open = Callable[[int], AbstractAsyncContextManager[Session]]


class Rate(NamedTuple):
    """Calls a second, how many ms one waited for them, and the CPU ms that a wrapper used for each."""

    a_second: float
    p50: float
    p99: float
    cpu: float


def opener(run: Running) -> Open:
    """Return what opens the n-th session of a wrapper."""
    return lambda number: open_session(*run.where, first_id=1 + number * IDS)


@asynccontextmanager
async def open_stdio(_number: int = 0) -> AsyncIterator[Session]:
    """Start a child of one's own and speak to it by its pipes."""
    command = [sys.executable, "-I", "-S", str(ABUSE), "raw"]
    async with trio.open_nursery() as nursery:
        process = await nursery.start(_run_child, command)
        session = StdioSession(process)
        nursery.start_soon(session.read)
        await session.initialize()
        yield session
        nursery.cancel_scope.cancel()


async def _run_child(  # noqa: ASYNC114 (started above)
    command: list[str], *, task_status: trio.TaskStatus[trio.Process] = trio.TASK_STATUS_IGNORED
) -> None:
    process = await trio.lowlevel.open_process(command, stdin=-1, stdout=-1)
    task_status.started(process)
    try:
        await process.wait()
    finally:
        process.kill()


async def rate(open_one: Open, clients: int, seconds: float, cpu: Callable[[], float] = lambda: 0.0) -> Rate:
    """Return how fast so many sessions are answered, each asking as soon as it is, once all are warm.

    `cpu` tells the CPU seconds that the wrapper has used.
    """
    async with AsyncExitStack() as stack:
        sessions = []
        for number in range(clients):
            sessions.append(await stack.enter_async_context(open_one(number)))
        await _talk(sessions, WARM_UP_SECONDS)
        begun, used = time.perf_counter(), cpu()
        waits = await _talk(sessions, seconds)
        took, used = time.perf_counter() - begun, cpu() - used
    p50, p99 = (percentile(waits, part) * 1000 for part in (0.5, 0.99))
    return Rate(len(waits) / took, p50, p99, used * 1000 / len(waits))


async def _talk(sessions: list[Session], seconds: float) -> list[float]:
    """Have all ask for so long; return how many seconds they waited for each answer."""
    waits: list[float] = []
    end = time.perf_counter() + seconds

    async def talk(session: Session) -> None:
        number = 0
        while (now := time.perf_counter()) < end:
            value, _ = await session.call("echo", value=number)
            assert value == number, "another's answer"
            waits.append(time.perf_counter() - now)
            number += 1

    async with trio.open_nursery() as nursery:
        for session in sessions:
            nursery.start_soon(talk, session)
    return waits


def wrapper_cpu(run: Running) -> float:
    """Return the CPU seconds that a wrapper has used so far, its children's not counted."""
    mine = ({run.pid} | proc.below(run.pid)) - run.children()
    return sum(map(_cpu_seconds, mine))


def _cpu_seconds(pid: int) -> float:
    try:
        return cpu_seconds(pid)
    except FileNotFoundError:
        return 0.0  # it has ended since
