"""A whole office behind one address: when a pod leaves, all come back at once, and none is told to wait."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import trio

from tests.e2e.kit.nginx import forwarding
from tests.e2e.kit.server import running
from tests.store.kit import valkey

VIEWERS, ASSISTANTS = 500, 100
SECONDS = 120.0  # for all of it; only a fault takes so long

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "office", "version": "1"},
}


class Office:
    """Its people, each with a tab or an assistant; `told` are the statuses of all that they asked."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.session = port, session
        self.told: Counter[int] = Counter()
        self.open = 0
        self.well = trio.Event()

    async def tab(self, number: int) -> None:
        """Watch the map, and come back at once whenever the stream ends."""
        path = f"/events?session={self.session}&viewer=tab-of-the-office-{number:04}"
        said = {"viewer": f"tab-of-the-office-{number:04}", "visible": True, "name": f"Nr. {number}"}
        while True:
            async with await self._open(path) as stream:
                await self._post(f"/presence?session={self.session}", said)
                await self._until_it_ends(stream)

    async def assistant(self) -> None:
        """Hold an MCP stream, and begin anew at once whenever it ends."""
        while True:
            async with await self._open("/sse") as stream:
                address = await stream.next()
                await self._ask(stream, address, 0, "initialize", INITIALIZE)
                note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
                if await self._post(address, note) == 404:
                    continue  # its pod has just gone
                await self._ask(stream, address, 1, "tools/list", {})
                call = {"name": "list_layers", "arguments": {"session_id": self.session}}
                await self._ask(stream, address, 2, "tools/call", call)
                await self._until_it_ends(stream)

    async def _ask(self, stream: Line, address: str, number: int, method: str, params: Any) -> None:
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        if await self._post(address, message) == 202:
            answer = await stream.next()
            assert not answer or '"isError":true' not in answer, answer

    async def _open(self, path: str) -> Line:
        line = Line(await trio.open_tcp_stream("127.0.0.1", self.port))
        await line.stream.send_all(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        self.told[await line.status()] += 1
        return line

    async def _post(self, path: str, value: Any) -> int:
        body = json.dumps(value).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        async with Line(await trio.open_tcp_stream("127.0.0.1", self.port)) as line:
            await line.stream.send_all(head.encode() + body)
            status = await line.status()
        self.told[status] += 1
        return status

    async def _until_it_ends(self, line: Line) -> None:
        self.open += 1
        if self.open == VIEWERS + ASSISTANTS:
            self.well.set()
        try:
            while await line.more():
                pass
        finally:
            self.open -= 1


class Line:
    """A connection that is read up to a mark."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._rest = b""

    async def __aenter__(self) -> Line:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.stream.socket.close()

    async def until(self, mark: bytes) -> bytes:
        """Return what comes up to the mark; nothing where the connection ends before it."""
        while mark not in self._rest:
            if not (part := await self.more()):
                return b""
            self._rest += part
        found, _, self._rest = self._rest.partition(mark)
        return found

    async def more(self) -> bytes:
        try:
            return bytes(await self.stream.receive_some(65_536))
        except trio.BrokenResourceError:
            return b""

    async def status(self) -> int:
        """Return the status of an answer; 0 where the connection ends in place of one."""
        return int((await self.until(b"\r\n\r\n"))[9:12] or 0)

    async def next(self) -> str:
        """Return what the next event of a stream says; nothing where it ends."""
        await self.until(b"data: ")
        return (await self.until(b"\n")).decode().strip()


def test_a_whole_office_behind_one_address_comes_back_without_being_told_to_wait(tmp_path: Path) -> None:
    flags = ("--trusted-proxies", "127.0.0.1")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with valkey.running(tmp_path / "redis") as redis:
        with (
            running(tmp_path / "a", "--store", redis.url, *flags) as a,
            running(tmp_path / "b", "--store", redis.url, *flags) as b,
            forwarding(tmp_path / "nginx", [a, b]) as proxy,
        ):
            office = Office(int(proxy.url.rpartition(":")[2]), a.new_map())

            async def main() -> None:
                with trio.fail_after(SECONDS):
                    async with trio.open_nursery() as nursery:
                        for number in range(VIEWERS):
                            nursery.start_soon(office.tab, number)
                        for _ in range(ASSISTANTS):
                            nursery.start_soon(office.assistant)
                        await office.well.wait()
                        office.well = trio.Event()
                        await trio.to_thread.run_sync(a.stop, signal.SIGKILL)
                        await office.well.wait()
                        nursery.cancel_scope.cancel()

            trio.run(main)
            print(dict(office.told))
            assert 429 not in office.told and office.told[200] >= VIEWERS + ASSISTANTS
