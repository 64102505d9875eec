"""The bridge's front by ASGI calls, over a server in memory: real sessions and multiplexers, no process.

So time can be virtual. The child is told what comes by `heard`, and speaks by says().
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import trio
import trio.testing

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.trusted_proxies import TrustedProxies
from mapsrv.bridge.http.app import Bridge
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.sessions.session import Session
from mapsrv.bridge.settings import Limits
from mapsrv.errors import NotFound
from tests.kit.sse import Message, Parser

BOTH = "application/json, text/event-stream"
JSON = {"content-type": "application/json", "accept": BOTH}


class Ear:
    """What a session's child hears."""

    def __init__(self, served: Served, session: Session) -> None:
        self._served, self._session = served, session

    async def send(self, line: bytes) -> None:
        await self._served.hear(self._session, json.loads(line))

    def send_soon(self, line: bytes) -> None:
        self._served.heard.append(json.loads(line))


class Served:
    """One server, with a child a session. It answers at once, but for calls of `slow`, `mute` and `deaf`."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.sessions: dict[str, Session] = {}
        self.multiplexers: dict[Session, Multiplexer] = {}
        self.heard: list[dict[str, Any]] = []
        self.children: set[Any] = set()

    async def open(self, client: str | None, linger: float) -> Session:
        session = Session(client, linger)
        multiplexer = Multiplexer(Ear(self, session))
        session.port = multiplexer.join(session.deliver)
        self.sessions[session.id], self.multiplexers[session] = session, multiplexer
        return session

    def get(self, session_id: str) -> Session:
        if session_id not in self.sessions or self.sessions[session_id].over.is_set():
            raise NotFound("There is no such session here. Initialize again.")
        return self.sessions[session_id]

    def end(self, session: Session) -> None:
        self.sessions.pop(session.id, None)
        session.end()

    async def hear(self, session: Session, message: dict[str, Any]) -> None:
        self.heard.append(message)
        match message.get("method"):
            case "mute":
                await trio.lowlevel.checkpoint()
            case "deaf":
                await trio.sleep_forever()
            case "slow":
                self.says(session, method="notifications/progress", params={"progressToken": message["id"]})
            case _ if "id" in message and "method" in message:
                self.says(session, id=message["id"], result={"params": message.get("params")})

    def says(self, session: Session, **message: Any) -> None:
        """Have the session's child say something."""
        self.multiplexers[session].from_child(json.dumps({"jsonrpc": "2.0", **message}).encode())

    @property
    def only(self) -> Session:
        """The session, where there is one."""
        [session] = self.sessions.values()
        return session


class Exchange:
    """One request and what came back so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.events: list[Message] = []
        self.over = trio.Event()
        self.reading = True  # whether it takes in what is sent
        self._parser = Parser()
        self._told, self.receive = trio.open_memory_channel[dict[str, Any]](10)
        self._read = trio.Event()

    async def send(self, message: Any) -> None:
        await trio.lowlevel.checkpoint()
        while not self.reading:
            await self._read.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]
            self.events += self._parser.feed(message["body"])

    def read_on(self) -> None:
        """Take in what is sent, after all."""
        self.reading = True
        self._read.set()

    def tell(self, message: dict[str, Any]) -> None:
        self._told.send_nowait(message)

    def leave(self) -> None:
        """Have the server see that the client has gone."""
        self.tell({"type": "http.disconnect"})

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def said(self) -> list[Any]:
        """The messages of a stream."""
        return [json.loads(event.data) for event in self.events if event.event == "message" and event.data]


class Front:
    """A bridge with servers a and b; requests go to a where the path does not say."""

    def __init__(self, *trusted: str) -> None:
        self.a, self.b = Served(), Served()
        services: Any = {"a": self.a, "b": self.b}
        proxies = TrustedProxies(ip_network(text) for text in trusted)
        self._app = Bridge(services, OriginGuard("127.0.0.1"), proxies=proxies)

    @asynccontextmanager
    async def open(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = b"", **scope: Any
    ) -> AsyncIterator[Exchange]:
        """Send a request, and let it be served meanwhile."""
        path, _, query = (path if path.startswith("/servers") else f"/servers/a{path}").partition("?")
        lines = {"host": "127.0.0.1", **(headers or {})}
        exchange = Exchange()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        exchange.tell({"type": "http.request", "body": data, "more_body": False})
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), **scope}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in lines.items()]

        async def serve(task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC114 (started below)
            task_status.started()
            await self._app(scope, exchange.receive.receive, exchange.send)
            exchange.over.set()

        async with trio.open_nursery() as nursery:
            await nursery.start(serve)
            await trio.testing.wait_all_tasks_blocked()
            try:
                yield exchange
            finally:
                exchange.read_on()  # what is sent is shielded, and its peer goes now
            nursery.cancel_scope.cancel()

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = b"", **scope: Any
    ) -> Exchange:
        """Send a request; return its whole answer."""
        async with self.open(method, path, headers, body, **scope) as exchange:
            with trio.fail_after(100):
                await exchange.over.wait()
        return exchange

    async def initialize(self, version: str | None = None) -> dict[str, str]:
        """Open a session over /mcp; return the headers of a request in it."""
        found = await self.ask("POST", "/mcp", JSON, call("initialize"))
        more = {"mcp-protocol-version": version} if version else {}
        return {**JSON, "mcp-session-id": found.headers["mcp-session-id"], **more}


def call(method: str, id: Any = 1, **params: Any) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def slow(id: Any = 1) -> dict[str, Any]:
    """Return a call that the child tells of, and does not answer by itself."""
    return call("slow", id, _meta={"progressToken": "t"})
