"""A client of an ASGI application with no sockets in between, so that time can be virtual."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import trio

from tests.kit.sse import Message, Parser

HOST = "localhost:8081"


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error, whose shape is checked."""
        error = self.json["error"]
        assert set(error) == {"code", "message", "temporary"}
        assert self.header("content-type") == "application/json"
        return str(error["code"])

    @property
    def cookies(self) -> dict[str, str]:
        """What each Set-Cookie sets, with its attributes."""
        lines = [value for key, value in self.headers if key == "set-cookie"]
        return {line.partition("=")[0]: line.partition("=")[2] for line in lines}

    def cookie_value(self, name: str) -> str:
        return self.cookies[name].partition(";")[0]


def scope_of(method: str, target: str, headers: dict[str, str], client: str | None) -> dict[str, Any]:
    path, _, query = target.partition("?")
    sent = {"host": HOST, **{name.lower(): value for name, value in headers.items()}}
    return {
        "type": "http",
        "http_version": "1.1",
        "asgi": {"spec_version": "2.1", "version": "3.0"},
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
        "client": (client, 50000) if client else None,
        "server": ("127.0.0.1", 8081),
        "extensions": {},
    }


@dataclass
class Exchange:
    """One request on its way. `parts` are what the body is sent in; None: the rest never comes."""

    parts: list[bytes | None]
    answer: Answer | None = None
    begun: trio.Event = field(default_factory=trio.Event)
    ended: trio.Event = field(default_factory=trio.Event)
    gone: trio.Event = field(default_factory=trio.Event)
    parser: Parser = field(default_factory=Parser)
    messages: list[Message] = field(default_factory=list)
    reading: trio.Event = field(default_factory=trio.Event)  # unset: the client takes nothing

    async def receive(self) -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        if self.parts and self.parts[0] is not None:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        if message["type"] == "http.response.start":
            headers = [(name.decode().lower(), value.decode()) for name, value in message["headers"]]
            self.answer = Answer(message["status"], headers)
            self.begun.set()
            return
        assert self.answer is not None
        self.answer.body += message.get("body", b"")
        self.messages += self.parser.feed(message.get("body", b""))
        if not message.get("more_body", False):
            self.ended.set()

    def of(self, event: str) -> list[Message]:
        return [message for message in self.messages if message.event == event]


class Client:
    """Asks one application; keeps cookies as a browser does, unless told not to."""

    def __init__(self, app: Any, *, keep_cookies: bool = False, peer: str | None = "127.0.0.1") -> None:
        self.app, self.peer = app, peer
        self.keep_cookies = keep_cookies
        self.cookies: dict[str, str] = {}

    async def get(self, target: str, **headers: str) -> Answer:
        return await self.ask("GET", target, headers)

    async def post(self, target: str, value: Any = None, **headers: str) -> Answer:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return await self.ask("POST", target, {"content-type": "application/json", **headers}, [body])

    async def ask(
        self, method: str, target: str, headers: dict[str, str], parts: Iterable[bytes | None] = (b"",)
    ) -> Answer:
        async with self.exchange(method, target, headers, parts) as exchange:
            await exchange.ended.wait()
            assert exchange.answer is not None
            return exchange.answer

    @asynccontextmanager
    async def stream(self, target: str, **headers: str) -> AsyncIterator[Exchange]:
        """Open a stream; at the end the client leaves, and the application notices."""
        async with self.exchange("GET", target, headers) as exchange:
            await exchange.begun.wait()
            await trio.testing.wait_all_tasks_blocked()
            yield exchange

    @asynccontextmanager
    async def exchange(
        self, method: str, target: str, headers: dict[str, str], parts: Iterable[bytes | None] = (b"",)
    ) -> AsyncIterator[Exchange]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        exchange = Exchange(list(parts))
        exchange.reading.set()
        async with trio.open_nursery() as nursery:
            scope = scope_of(method, target, named, self.peer)
            nursery.start_soon(self.app, scope, exchange.receive, exchange.send)
            yield exchange
            exchange.gone.set()
        if self.keep_cookies and exchange.answer is not None:
            self.cookies.update(
                {name: exchange.answer.cookie_value(name) for name in exchange.answer.cookies}
            )
