"""A real server in this process, on a free port, and raw clients of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import trio

from mapsrv.config import Config
from mapsrv.server import serve


@dataclass
class Real:
    url: str
    port: int
    stop: trio.Event
    ended: trio.Event

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def send(self, text: str) -> trio.SocketStream:
        """Open a connection and send a request."""
        stream = await self.connect()
        await stream.send_all(text.replace("\n", "\r\n").encode())
        return stream

    async def new_map(self) -> str:
        async with httpx2.AsyncClient() as client:
            session_id: str = (await client.post(f"{self.url}/sessions", json={})).json()["session_id"]
            return session_id


async def read_until(stream: trio.SocketStream, text: bytes) -> bytes:
    """Return what was read when `text` had come; fails when the stream ends before."""
    got = b""
    while text not in got:
        chunk = await stream.receive_some(65536)
        assert chunk, got
        got += chunk
    return got


async def read_all(stream: trio.SocketStream) -> bytes:
    """Return what was read until the other side ended, and close this one."""
    got = b""
    try:
        while chunk := await stream.receive_some(65536):
            got += chunk
    except trio.BrokenResourceError:
        pass  # cut off, which is an end too
    await stream.aclose()
    return got


async def _run(  # noqa: ASYNC114, ASYNC128
    config: Config, stop: trio.Event, ended: trio.Event, *, task_status: trio.TaskStatus[str]
) -> None:
    await serve(config, stop=stop, task_status=task_status)
    ended.set()


@asynccontextmanager
async def running(folder: Path, seconds: float = 30.0, **settings: Any) -> AsyncIterator[Real]:
    """Run a server; the block and its end have `seconds` of real time."""
    settings = {"port": 0, "store": "memory:", "data_dir": folder, "log_level": "warning", **settings}
    with trio.fail_after(seconds):
        async with trio.open_nursery() as nursery:
            stop = trio.Event()

            ended = trio.Event()
            url = await nursery.start(_run, Config(**settings), stop, ended)
            yield Real(url, int(url.rpartition(":")[2]), stop, ended)
            stop.set()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
