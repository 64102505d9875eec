"""A real child behind a multiplexer; real SDK clients of either era in front of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import trio
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

import mapsrv
from mapsrv.asgi.message import Answer, read_body
from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.child import Child, start_child
from mapsrv.bridge.children.command import Command
from mapsrv.bridge.http import stateless_http
from mapsrv.bridge.http.streamable_http import is_newer
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.revisions import LegacyClient, negotiate
from mapsrv.bridge.revisions.input_required import InputRequired
from mapsrv.errors import MapsrvError
from tests.transports.kit.serving import serving

HERE = Path(__file__).parent
OLDER, NEWER = "legacy_child.py", "modern_child.py"
MODERN = "2026-07-28"


class Shared:
    """One child, as all its callers share it: what stateless_http.StatelessChild and Served ask for."""

    def __init__(self, child: Child, multiplexer: Multiplexer) -> None:
        self.child, self.multiplexer, self.pending_input = child, multiplexer, InputRequired()
        self._greeting: Message | None = None
        self._lock = trio.Lock()

    async def ready(self) -> Message:
        async with self._lock:
            if self._greeting is None:
                self._greeting = await negotiate(self.join)
            return self._greeting

    def join(self, deliver: Any) -> ClientPort:
        return self.multiplexer.join(deliver)

    def stateless_child(self) -> Shared:
        return self

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        answer = Answer(send)
        try:
            body = await read_body(scope, receive)
            if body is not None:
                message = json_rpc.parse(body)
                assert is_newer(scope, message)
                await stateless_http.serve(self, message, scope, receive, answer)
        except MapsrvError as error:
            await answer.refuse(error, rpc=True)


def command(program: str) -> Command:
    """Return how one of the two children is started."""
    root = str(Path(mapsrv.__file__).parents[1])
    flags = ["-I", "-S"] if program == OLDER else []
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": root}
    return Command("the child", [sys.executable, *flags, str(HERE / program)], environment)


@asynccontextmanager
async def shared(program: str) -> AsyncIterator[Shared]:
    """Run one of the two children."""
    child = start_child(command(program))
    multiplexer = Multiplexer(child)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child.run, multiplexer.from_child, multiplexer.fail)
        with trio.fail_after(40):  # noqa: ASYNC100 (the test waits in it)
            yield Shared(child, multiplexer)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def newer_client(child: Shared, **more: Any) -> AsyncIterator[Client]:
    """A client of 2026-07-28, over HTTP."""
    async with serving(child.asgi) as base, httpx2.AsyncClient(timeout=20) as http:
        streams: Any = streamable_http_client(f"{base}/mcp", http_client=http)
        async with Client(streams, **{"mode": MODERN, "cache": None, **more}) as client:
            yield client


@asynccontextmanager
async def older_client(child: Shared, **more: Any) -> AsyncIterator[Client]:
    """A client that initializes, at a port as a session has it."""
    async with Client(_port(child), mode="legacy", cache=None, **more) as client:
        yield client


@asynccontextmanager
async def _port(child: Shared) -> AsyncIterator[Any]:
    to_client, reading = anyio.create_memory_object_stream[Any](1000)
    writing, from_client = anyio.create_memory_object_stream[Any](1000)

    def deliver(message: Message, about: Any) -> None:
        to_client.send_nowait(SessionMessage(jsonrpc_message_adapter.validate_json(json_rpc.line(message))))

    async with trio.open_nursery() as nursery:
        port = LegacyClient(child.join, deliver, nursery)

        async def send() -> None:
            async for item in from_client:
                body = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                await port.send(json_rpc.parse(body.encode()))

        nursery.start_soon(send)
        try:
            async with to_client, reading, writing, from_client:
                yield reading, writing
                nursery.cancel_scope.cancel()
        finally:
            port.leave()


def value(result: Any) -> Any:
    """Return what a tool answered."""
    return json.loads(result.content[0].text)
