"""What our own ASGI applications need: bodies read whole within bounds, and answers that end once.

The SDK parses on the loop, answers twice when a client leaves at a bad moment, and leaves streams
without an end when they are cancelled. Nothing of that passes here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import trio

from mapsrv.asgi.error_body import error_body, error_headers, rpc_error_body
from mapsrv.asgi.peer import PEER
from mapsrv.budget import Claim
from mapsrv.errors import MapsrvError, SlowBody, TooLarge

MAX_MESSAGE = 256 * 1024  # bytes: some 2 ms to parse, of the 10 that the loop may be held
BODY_SECONDS = 30.0  # for a whole body; MCP messages are small
HSTS = b"max-age=31536000"  # seconds, RFC 6797; of this host alone, since others may be no business of ours
MCP_CLIENT = "mapsrv.mcp_client"  # in scope["extensions"]: what the client of an MCP session is called

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ADVICE = (
    'Send large GeoJSON to POST /data (curl --data-binary @FILE), and pass the "data" of the answer to'
    " add_layer as source."
)


class Answer:
    """The response to one request: begun once and ended once, whatever the code behind it sends."""

    def __init__(self, send: Send, *, https: bool = False) -> None:
        """`https`: who asks is told to stay with it."""
        self._send, self._https = send, https
        self.begun = False
        self.ended = False

    async def send(self, message: Message) -> None:
        """Pass on a message that is in order; a second beginning ends the answer instead."""
        starts = message["type"] == "http.response.start"
        if self.ended or not (starts or self.begun):
            return await trio.lowlevel.checkpoint()
        if starts and self.begun:
            return await self.end()
        if not starts and message.get("more_body", False):
            return await self._send(message)
        # Either went out or did not, whoever is cancelled: so begun and ended stay true. And the server
        # tells of a disconnect as soon as the last bytes are out, which ends this very task while the
        # server still has to make the connection ready for its next request.
        with trio.CancelScope(shield=True):
            await self._put(message, starts)

    async def _put(self, message: Message, starts: bool) -> None:
        if starts and self._https:
            headers = *message.get("headers", ()), (b"strict-transport-security", HSTS)
            message = {**message, "headers": headers}
        self.ended = not starts
        await self._send(message)
        self.begun = True

    async def end(self) -> None:
        """End an answer that was begun, so that its reader sees an end and not an error."""
        if self.begun and not self.ended:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def give(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """Answer with these, if nothing was begun yet."""
        if self.begun:
            return await self.end()
        lines = {"content-length": str(len(body)), "cache-control": "no-store", **(headers or {})}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()]
        if self.ended:
            return await trio.lowlevel.checkpoint()
        with trio.CancelScope(shield=True):  # as in send()
            await self._put({"type": "http.response.start", "status": status, "headers": raw}, True)
            await self._put({"type": "http.response.body", "body": body, "more_body": False}, False)

    async def refuse(self, error: MapsrvError, *, rpc: bool) -> None:
        """Answer with the error; as JSON-RPC has it (rpc) it reaches the model that made the call."""
        value = rpc_error_body(error) if rpc else error_body(error)
        headers = {"content-type": "application/json", **error_headers(error)}
        await self.give(error.status, headers, json.dumps(value).encode())


def header(scope: Scope, name: str) -> str | None:
    """Return a header's first value; the name is in lower case."""
    wanted = name.encode()
    for key, value in scope["headers"]:  # (a dozen times a request: a generator takes twice as long)
        if key == wanted or key.lower() == wanted:
            return str(value, "latin-1")
    return None


def media_type(scope: Scope) -> str:
    """Return the Content-Type without its parameters, in lower case; nothing where there is none."""
    return (header(scope, "content-type") or "").partition(";")[0].strip().lower()


def content_length(scope: Scope) -> int | None:
    """Return how many bytes the body is said to have."""
    said = header(scope, "content-length") or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a body may have: `limit` bytes; `seconds`, and one more for each `slowest` bytes that arrive.

    `too_large` and `slow` tell its sender what to do.
    """

    limit: int
    seconds: float
    too_large: str
    slow: str
    slowest: float = math.inf

    def check_size(self, size: int) -> None:
        """Raise TooLarge where a body of so many bytes is not taken."""
        if size > self.limit:
            raise TooLarge(self.too_large)


async def take_body(
    receive: Receive, bounds: Bounds, claim: Claim, declared: int = 0, *, at_hand: bool = False
) -> bytes | None:
    """Return the whole body, or None when its sender left; what is refused is not read on.

    `declared` is its Content-Length: what that shows to be too much is refused unread. What has arrived is
    claimed at once, and until the claim ends, or the body is refused. `at_hand`: all of it is here, so that
    nothing is waited for. Raises TooLarge, SlowBody, and Busy.
    """
    bounds.check_size(declared)
    claim.check(declared)
    body = bytearray()
    try:
        if at_hand:
            return await _arrive(receive, bounds, claim, body, None)
        with trio.move_on_after(bounds.seconds) as scope:
            return await _arrive(receive, bounds, claim, body, scope)
        raise SlowBody(bounds.slow)
    except MapsrvError:
        body.clear()  # the error's traceback keeps this frame, as long as it is kept itself
        claim.give_back()
        raise


async def _arrive(
    receive: Receive, bounds: Bounds, claim: Claim, body: bytearray, scope: trio.CancelScope | None
) -> bytes | None:
    while (message := await receive())["type"] == "http.request":
        part = message.get("body", b"")
        if scope is not None:
            scope.deadline += len(part) / bounds.slowest
        bounds.check_size(len(body) + len(part))
        claim.take(len(part))
        body += part
        if not message.get("more_body", False):
            return bytes(body)
    return None


def is_at_hand(scope: Scope) -> bool:
    """Return whether all of a request's body is here: receive() gives it without waiting."""
    peer = scope.get("extensions", {}).get(PEER)
    return peer is not None and peer.whole


async def read_body(
    scope: Scope,
    receive: Receive,
    limit: int = MAX_MESSAGE,
    advice: str = ADVICE,
    claim: Claim | None = None,
) -> bytes | None:
    """Return the body of an MCP message as take_body() does; what is too large is told the advice."""
    too_large = f"An MCP message may have at most {limit // 1024:,} KiB. {advice}"
    slow = f"The message did not arrive within {BODY_SECONDS:g} s. Send it again."
    return await take_body(
        receive,
        Bounds(limit, BODY_SECONDS, too_large, slow),
        claim or Claim(),
        content_length(scope) or 0,
        at_hand=is_at_hand(scope),
    )


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body that was read already, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        if waiting:
            return waiting.pop()
        return await receive()

    return next_message
