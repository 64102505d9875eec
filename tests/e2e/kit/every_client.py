"""Every kind of MCP client, each changing one map's title for ever, and what each was told.

A client has one map, marks each call by a title of its own, which is the call's key too, and never sends
a mark twice: what comes twice was doubled by others. It begins anew only where a host would.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import trio
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from mapsrv.tools.publish import KEY
from tests.failures.viewers import Viewer
from tests.kit import node
from tests.store.kit.valkey import die_with_parent
from tests.transports.kit.serving import WAYS, connected

CALL_SECONDS = 3.0  # after which a caller gives a call up
PAUSE = 0.3  # seconds between two calls of a client
AGAIN = 0.2  # seconds before a client begins anew
TERMINATED = "Session terminated"  # how the SDK's client tells of a 404
TYPESCRIPT = {"typescript-sse": "sse", "typescript-http": "http"}
PYTHON = {f"python-{way}": way for way in WAYS}


@dataclass(frozen=True, slots=True)
class Ack:
    """A call that was acknowledged. Times are of the wall, which all processes share."""

    client: str
    mark: str
    sent: float
    answered: float
    durability: str


@dataclass
class Told:
    """What all clients were told; written by their threads, read by any."""

    acks: list[Ack] = field(default_factory=list)
    begun: Counter[str] = field(default_factory=Counter)  # sessions of a client
    failures: Counter[str] = field(default_factory=Counter)  # by client, and what it saw

    def back(self, client: str, since: float) -> float | None:
        """Return the seconds to its first success that began after a moment; None while there is none."""
        times = [ack.answered for ack in list(self.acks) if ack.client == client and ack.sent >= since]
        return min(times) - since if times else None

    def failed(self, client: str, what: str) -> None:
        self.failures[f"{client}: {what[:160]}"] += 1


class Gone(Exception):
    """The session has ended, or its transport is of no more use."""


class PythonClient:
    """The Python SDK's client, over one transport in one revision."""

    def __init__(self, name: str, base: str, session: str, told: Told) -> None:
        self.name, self._base, self._session, self._told = name, base, session, told
        self._number = 0
        self._scope: trio.CancelScope | None = None  # of the call that waits

    async def run(self) -> None:
        """Call for ever."""
        while True:
            try:
                await self._one_session()
            except Exception as error:  # a group of them, as the transports have tasks
                self._told.failed(self.name, f"ended by {_first(error)!r}")
            await trio.sleep(AGAIN)

    async def _one_session(self) -> None:
        way = PYTHON[self.name]
        hooks = {"response": [self._answered]}
        with trio.CancelScope() as opening:
            opening.deadline = trio.current_time() + CALL_SECONDS
            async with connected(self._base, way, name=self.name, hooks=hooks) as client:
                opening.deadline = float("inf")
                self._told.begun[self.name] += 1
                while True:
                    await self._call(client, way)
                    await trio.sleep(PAUSE)
        self._told.failed(self.name, "was not opened in time")

    async def _answered(self, answer: httpx2.Response) -> None:
        """The SDK's /sse client logs a POST that failed, and lets its caller wait for ever."""
        await trio.lowlevel.checkpoint()
        if answer.status_code >= 400 and answer.request.method == "POST":
            self._told.failed(self.name, f"{answer.status_code} {await _code(answer)}")
            if PYTHON[self.name] == "sse" and self._scope is not None:
                self._scope.cancel()

    async def _call(self, client: Client, way: str) -> None:
        mark, sent = f"{self.name}-{self._number}", time.time()
        self._number += 1
        arguments = {"session_id": self._session, "title": mark}
        with trio.move_on_after(CALL_SECONDS) as self._scope:
            try:
                result = await client.call_tool("open_map", arguments, meta={KEY: mark})
            except MCPError as error:
                self._told.failed(self.name, error.message)
                if way == "sse" or error.message == TERMINATED:
                    raise Gone from error
                return
            if result.is_error:
                self._told.failed(self.name, str(result.content[0]))
                return
            said: Any = result.structured_content
            self._told.acks.append(Ack(self.name, mark, sent, time.time(), said["durability"]))
        if self._scope.cancelled_caught:
            self._told.failed(self.name, "a call was given up")
            if way == "sse":
                raise Gone


async def _code(answer: httpx2.Response) -> str:
    """Return the code of a refusal of ours; of another's, what it looks like."""
    body = await answer.aread()
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.headers.get('server')} {body[:40]!r}"


def _first(error: BaseException) -> BaseException:
    """Return the first that is no group."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


@contextmanager
def running_python(clients: Sequence[PythonClient], viewer: Viewer) -> Iterator[None]:
    """Run the clients of this process, and one that watches, in a thread of their own."""
    ended, crash = threading.Event(), list[Exception]()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for each in (*clients, viewer):
                nursery.start_soon(each.run)
            while not ended.is_set():  # noqa: ASYNC110 (another thread's event)
                await trio.sleep(0.05)
            nursery.cancel_scope.cancel()

    def run() -> None:
        try:
            trio.run(main)
        except Exception as error:
            crash.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)
    if crash:
        raise crash[0]


@contextmanager
def running_typescript(name: str, base: str, session: str, told: Told, home: Path) -> Iterator[None]:
    """Run a client of the TypeScript SDK."""
    words = [node.node(), str(node.FOLDER / "client.mjs"), TYPESCRIPT[name], base, session, name, str(PAUSE)]
    command = die_with_parent(words)
    environment = node.environment(home)
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=home)

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "mark" in said:
                told.acks.append(Ack(name, **said))
            elif "begun" in said:
                told.begun[name] += 1
            else:
                told.failed(name, said["failed"])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield
        assert process.poll() is None, (home / f"{name}.log").read_text()
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()
