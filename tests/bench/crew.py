"""Processes of many clients each, told what to do and heard by lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from subprocess import PIPE
from typing import Any

import trio

STEP_SECONDS = 300.0  # for all to do one thing


class Crew:
    """Some processes of one module. Made by open_crew."""

    def __init__(self, processes: Sequence[trio.Process]) -> None:
        self._processes = processes
        self._rest = [b"" for _ in processes]

    def __len__(self) -> int:
        return len(self._processes)

    def shares(self, total: int) -> list[int]:
        """Return how many of that total each process has."""
        share, more = divmod(total, len(self))
        return [share + (at < more) for at in range(len(self))]

    async def tell(self, *orders: Any) -> None:
        """Tell each process its own line, or all of them the one that is given."""
        for at, process in enumerate(self._processes):
            assert process.stdin is not None
            order = orders[at if len(orders) > 1 else 0]
            await process.stdin.send_all(json.dumps(order).encode() + b"\n")

    async def hear(self, what: str) -> list[dict[str, Any]]:
        """Return the next line of each process; all are of that kind."""
        lines = [await self._line(at) for at in range(len(self))]
        if not all(what in line for line in lines):
            raise RuntimeError(f"expected {what}")
        return lines

    async def _line(self, at: int) -> dict[str, Any]:
        stdout = self._processes[at].stdout
        assert stdout is not None
        with trio.fail_after(STEP_SECONDS):
            while b"\n" not in self._rest[at]:
                data = await stdout.receive_some(1 << 20)
                if not data:
                    raise RuntimeError("a process of clients ended; what it said is above")
                self._rest[at] += data
        line, _, self._rest[at] = self._rest[at].partition(b"\n")
        value: dict[str, Any] = json.loads(line)
        return value


@asynccontextmanager
async def open_crew(module: str, processes: int) -> AsyncIterator[Crew]:
    """Start the processes; they end with this block."""
    run = partial(trio.run_process, [sys.executable, "-m", module], stdin=PIPE, stdout=PIPE, check=False)
    async with trio.open_nursery() as nursery:
        made = []
        for _ in range(processes):
            made.append(await nursery.start(run))
        yield Crew(made)
        nursery.cancel_scope.cancel()
