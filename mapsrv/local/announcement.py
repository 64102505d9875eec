"""How the processes of one user find their server: server.json in the data folder, and a proof.

The file says where the server is and holds a secret that only this user can read. Whoever asks sends
a nonce, and the server answers its HMAC: a port alone proves nothing, and no stranger that took the
port ever sees the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trio

from mapsrv import __version__
from mapsrv.local.files import write_private

FILE_NAME = "server.json"
MAX_FILE = 4096  # bytes; ours are about 200
ANSWER_SECONDS = 3.0  # a server on this machine that is slower is busy or stuck
PATH = "/local"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)

Asgi = Callable[
    [dict[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[None]]], Awaitable[None]
]


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server of this user. `url` is how to reach it from this machine, without a slash at its end."""

    url: str
    pid: int
    version: str
    secret: str

    def __repr__(self) -> str:
        return f"LocalServer({self.url}, {self.pid})"  # never the secret: it would end in a log


def new_secret() -> str:
    """Return a secret for one life of a server."""
    return secrets.token_urlsafe(32)


def proof(secret: str, nonce: str) -> str:
    """Return what shows knowledge of the secret: the hex of HMAC-SHA256(secret, nonce)."""
    return hmac.new(secret.encode(), nonce.encode(), hashlib.sha256).hexdigest()


def local_url(host: str, port: int) -> str:
    """Return how a server that listens on `host` is reached from its own machine."""
    reached = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def local_app(secret: str) -> Asgi:
    """Return the ASGI application for GET /local?nonce=N, which answers with the proof as text."""

    async def app(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        nonce = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("nonce", [""])[0]
        if scope["method"] == "GET" and _NONCE.fullmatch(nonce):
            return await respond(send, 200, proof(secret, nonce))
        await respond(send, 400, "Ask with GET and ?nonce= of 16 to 128 letters.\n")

    return app


async def respond(send: Callable[..., Any], status: int, text: str) -> None:
    """Answer an ASGI request with a text."""
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def read(data_dir: Path) -> LocalServer | None:
    """Return what server.json says, proven or not; None where it is missing or not ours to read."""
    try:
        with open(data_dir / FILE_NAME, "rb") as file:
            said = json.loads(file.read(MAX_FILE))
        return LocalServer(str(said["url"]), int(said["pid"]), str(said["version"]), str(said["secret"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def announce(data_dir: Path, server: LocalServer) -> None:
    """Write server.json whole or not at all, readable by this user alone. Raises OSError."""
    write_private(data_dir / FILE_NAME, json.dumps(asdict(server)).encode())


def withdraw(data_dir: Path, server: LocalServer) -> None:
    """Remove server.json if it still is this server's. Raises nothing."""
    if read(data_dir) == server:
        with suppress(OSError):
            os.unlink(data_dir / FILE_NAME)


def answers(server: LocalServer) -> bool:
    """Return whether the process at that URL has the secret. Waits; for a thread."""
    nonce = secrets.token_urlsafe(24)
    said = ask(server, f"{PATH}?nonce={nonce}", ANSWER_SECONDS)
    try:
        return hmac.compare_digest(said, proof(server.secret, nonce).encode())
    except ValueError:  # a file may say what is no text
        return False


def ask(server: LocalServer, target: str, seconds: float, headers: Mapping[str, str] = NO_HEADERS) -> bytes:
    """Return the beginning of what it answers to a GET, empty where it does not. Waits; for a thread."""
    try:
        parts = urlsplit(server.url)
        if parts.scheme != "http" or not parts.hostname:
            return b""
        # http.client: no proxy of the environment stands between two processes of one machine.
        with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)) as connection:
            connection.request("GET", target, headers=dict(headers))
            return connection.getresponse().read(200)
    except (OSError, http.client.HTTPException, ValueError):  # a file may say what is no address
        return b""


async def is_alive(server: LocalServer) -> bool:
    """Return whether that server answers, and is the one that wrote its file."""
    with trio.move_on_after(ANSWER_SECONDS):
        return await trio.to_thread.run_sync(answers, server, abandon_on_cancel=True)
    return False


async def find_server(data_dir: Path) -> LocalServer | None:
    """Return this user's running server, or None. A file left by a killed one, or a stranger on its
    port, is no server."""
    server = await trio.to_thread.run_sync(read, data_dir)
    return server if server is not None and await is_alive(server) else None


@asynccontextmanager
async def open_announcement(data_dir: Path, url: str, secret: str) -> AsyncIterator[bool]:
    """Say in server.json where this process answers, for as long as this is open.

    Enter it when the server listens, with /local mounted. Yields False where another living server of
    this folder is announced already, or the folder cannot be written: then this one is used by its
    address alone.
    """
    server = LocalServer(url, os.getpid(), __version__, secret)
    ours = await find_server(data_dir) is None
    if ours:
        try:
            await trio.to_thread.run_sync(announce, data_dir, server)
        except OSError:
            ours = False
    try:
        yield ours
    finally:
        if ours:
            withdraw(data_dir, server)
