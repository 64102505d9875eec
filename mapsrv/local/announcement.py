"""How the processes of one user find their server: server.json in the data folder, and a proof.

The file says where the server is and holds a secret that only this user can read. Whoever asks sends
a nonce, and the server answers its HMAC: a port alone proves nothing, and no stranger that took the
port ever sees the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from mapsrv.local.files import write_private

FILE_NAME = "server.json"
MAX_FILE = 4096  # bytes; ours are about 200
PATH = "/local"

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
