"""The load of a run: writers that change maps without a pause to speak of, and the tabs of each writer.

It has a thread of its own, so that a fault is told in plain steps beside it.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import trio

from tests.e2e.kit.server import Server, wait_until
from tests.failures.proxy import Proxy, Route
from tests.failures.record import Ack, Record, Refusal, key_of, now
from tests.failures.talk import FAILURES, Connection, connect
from tests.failures.viewers import Viewer

WRITERS = 4
PAUSE = (0.02, 0.06)  # seconds between two commands of a writer
BACKOFF = (0.05, 0.4)  # seconds before a command is sent again
CHANGE_POD = 0.3  # how often one that was refused for now asks another pod: its first try may be done there
END_SECONDS = 20.0  # for the last commands to be answered
HEADERS = {"Content-Type": "application/json"}


class Writer:
    """One person who adds layers, each on the next map, and hides each once."""

    def __init__(self, number: int, sessions: Sequence[str], route: Route, record: Record) -> None:
        self.number, self.cookie = number, f"mapsrv_viewer=person-of-the-failures-{number:04}"
        self.done = False
        self._sessions, self._route, self._record = sessions, route, record
        self._connection: Connection | None = None

    async def run(self, stop: threading.Event) -> None:
        """Write until told to stop; what was begun is still answered."""
        count = self.number  # so that they do not all begin with the same map
        try:
            while not stop.is_set():
                await self._add_and_hide(self._sessions[count % len(self._sessions)], count)
                count += 1
            self.done = True
        finally:
            self._close()

    async def _add_and_hide(self, session: str, count: int) -> None:
        layer = f"w{self.number}-{count:06}"
        if await self._command(session, layer, hides=False):
            await trio.sleep(random.uniform(*PAUSE))
            await self._command(session, layer, hides=True)
        await trio.sleep(random.uniform(*PAUSE))

    async def _command(self, session: str, layer: str, *, hides: bool) -> bool:
        """Send it with the same id until it is answered; return whether it was acknowledged."""
        sent, tries, key = now(), 0, key_of(layer, hides)
        body = json.dumps({**(_hide(layer) if hides else _add(layer)), "id": key}).encode()
        self._record.unanswered.append(key)
        while True:
            tries += 1
            status, said = await self._ask(f"/commands?session={session}", body)
            if status == 200 or (said and not said["error"]["temporary"]):
                break
            await trio.sleep(random.uniform(*BACKOFF))
        self._record.unanswered.remove(key)
        if status != 200:
            refusal = Refusal(session, layer, hides, now(), status, said["error"]["code"])
            self._record.refusals.append(refusal)
            return False
        told = said["durability"], said["position"]
        self._record.acks.append(Ack(session, layer, hides, self.number, sent, now(), tries, *told))
        return True

    async def _ask(self, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of an answer, or 0 where none came."""
        port = self._route.port
        try:
            if self._connection is None or self._connection.port != port or self._connection.over:
                self._close()
                self._connection = await connect(port)
            status, said = await self._connection.ask("POST", target, HEADERS | {"Cookie": self.cookie}, body)
            value: dict[str, Any] = json.loads(said)
        except FAILURES as error:
            self._close()
            self._route.failed(port)
            self._record.failed(type(error).__name__)
            return 0, {}
        if status != 200 and value["error"]["temporary"]:
            self._record.failed(f"{status} {value['error']['code']}")
            if random.random() < CHANGE_POD:
                self._route.go_elsewhere()
        return status, value

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _add(layer: str) -> dict[str, Any]:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [7, 46]}}
    return {"command": "add_layer", "arguments": {"id": layer, "source": feature}}


def _hide(layer: str) -> dict[str, Any]:
    """Done twice it would show the layer again."""
    return {"command": "toggle_layer", "arguments": {"layer_id": layer}}


def fill(pod: Server, session: str, layers: int) -> None:
    """Give a map that many layers."""
    for number in range(layers):
        pod.command(session, "add_layer", **_add(f"first-{number:05}")["arguments"])


class Load:
    """All clients of a run. Made by running_load()."""

    def __init__(self, ports: list[int], sessions: Sequence[str]) -> None:
        self.record = Record()
        self.sessions = sessions
        self.viewers: list[Viewer] = []
        self._proxy = Proxy(ports)
        self._stop, self._ended = threading.Event(), threading.Event()
        self.crash: Exception | None = None  # a bug of ours
        self.writers = [
            Writer(number, sessions, Route(self._proxy, number % len(ports)), self.record)
            for number in range(WRITERS)
        ]
        for writer in self.writers:
            for session in sessions:
                name, route = f"tab {writer.number}", Route(self._proxy, writer.number % len(ports))
                self.viewers.append(Viewer(session, name, writer.cookie, route, self.record))

    def run(self) -> None:
        """Be the thread."""
        try:
            trio.run(self._main)
        except Exception as error:
            self.crash = error

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            self._open = (trio.lowlevel.current_trio_token(), nursery)
            nursery.start_soon(self._proxy.run)
            for viewer in self.viewers:
                nursery.start_soon(viewer.run)
            for writer in self.writers:
                nursery.start_soon(writer.run, self._stop)
            while not self._ended.is_set():  # noqa: ASYNC110 (another thread's event)
                await trio.sleep(0.05)
            nursery.cancel_scope.cancel()

    def stop_writers(self) -> None:
        """Let each writer end its command; some may stay unanswered."""
        self._stop.set()
        try:
            wait_until(lambda: all(writer.done for writer in self.writers), END_SECONDS)
        except AssertionError:
            pass  # the record says which

    def open_newcomers(self) -> None:
        """Open each map anew at each pod: somebody must be served there, and told that all is well."""
        token, nursery = self._open
        for port in self._proxy.ports:
            for session in self.sessions:
                route = Route(Proxy([port]), 0)
                viewer = Viewer(
                    session, "a newcomer", "mapsrv_viewer=a-person-who-comes-late", route, self.record
                )
                self.viewers.append(viewer)
                trio.from_thread.run_sync(nursery.start_soon, viewer.run, trio_token=token)

    def end(self) -> None:
        """Have the thread end."""
        self._stop.set()
        self._ended.set()


@contextmanager
def running_load(ports: list[int], sessions: Sequence[str]) -> Iterator[Load]:
    """Run the load until the block ends."""
    load = Load(ports, sessions)
    thread = threading.Thread(target=load.run, daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.end()
        thread.join(5)
        if load.crash is not None:
            raise load.crash
