"""A connection to this user's server that was proven on itself, so that the secret may go over it.

Theory of operation. A port alone proves nothing: the server that was there may have ended, and whoever
came next has its port. So each connection is asked for the proof before anything else is sent by it.
TCP keeps the other end the same process (or one that this process gave it to) until the connection
ends; a proof is therefore worth the connection that it came by, for as long as that lives, and no other.

A connection that rests is closed by the server after a while. What shows it is a socket that can be
read though nothing was asked; such a one is not used again. What remains is that it is closed while a
request is on its way: then Lost is raised, and nobody here knows whether the request was carried out.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11
import trio

from mapsrv.local.announcement import PATH, LocalServer, proof

ANSWER_SECONDS = 3.0  # for the proof: a server on this machine that is slower is busy or stuck
LOOK_SECONDS = 1.0  # for who may be no mapsrv at all
REST_SECONDS = 4.0  # less than servers keep a connection that rests: 75 unless told
READ_BYTES = 65_536
MAX_PROOF = 200  # bytes; ours have 64, and a stranger may send what it likes
MAX_ANSWER = 16 * 1024 * 1024  # bytes of one answer, from a process that is this user's own

_PROOF = re.compile(rb"[0-9a-f]{64}")


class Lost(Exception):
    """The connection ended before its answer was whole."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to a request."""

    status: int
    media_type: str
    body: bytes


class ProvenConnection:
    """Made by open_proven(); one request at a time."""

    def __init__(self, server: LocalServer, stream: trio.SocketStream) -> None:
        self.server = server
        self._host = urlsplit(server.url).netloc
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT)
        self._rests_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether another request can go by it, as far as can be seen from here."""
        return self._http.our_state is h11.IDLE and not self._stream.socket.is_readable()

    @property
    def is_fresh(self) -> bool:
        """Whether it is open, and the server is not about to close it."""
        return trio.current_time() < self._rests_until and self.is_open

    def close(self) -> None:
        """Close it at once, and forget what was on its way."""
        self._stream.socket.close()

    async def ask(self, request: Request, most: int = MAX_ANSWER) -> Answer:
        """Return the answer; raises Lost. Whoever is cancelled meanwhile leaves a closed connection."""
        try:
            await self._stream.send_all(self._written(request))
            answer = await self._answer(most)
            if self._http.their_state is h11.DONE:
                self._http.start_next_cycle()
                self._rests_until = trio.current_time() + REST_SECONDS
            return answer
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError) as error:
            raise Lost(str(error)) from error
        finally:
            if self._http.our_state is not h11.IDLE:
                self.close()

    def _written(self, request: Request) -> bytes:
        """Return the request in one piece: the server has it whole in one read."""
        length = {"content-length": str(len(request.body))} if request.body else {}
        headers = {"host": self._host, **request.headers, **length}
        head = h11.Request(method=request.method, target=request.target, headers=[*headers.items()])
        parts = [head, h11.Data(data=request.body), h11.EndOfMessage()]
        return b"".join(self._http.send(part) or b"" for part in parts)

    async def _answer(self, most: int) -> Answer:
        status, media_type, body = 0, "", bytearray()
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
                media_type = dict(event.headers).get(b"content-type", b"").decode("latin-1")
            elif isinstance(event, h11.Data):
                body += event.data
            if len(body) > most or isinstance(event, h11.ConnectionClosed):
                raise Lost("no whole answer, or too long a one")
        return Answer(status, media_type.partition(";")[0].strip().lower(), bytes(body))

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(bytes(await self._stream.receive_some(READ_BYTES)))
        return event

    async def is_proven(self) -> bool:
        """Return whether who holds the other end has the secret."""
        nonce = secrets.token_urlsafe(24)
        answer = await self.ask(Request("GET", f"{PATH}?nonce={nonce}", {}), MAX_PROOF)
        return hmac.compare_digest(answer.body, proof(self.server.secret, nonce).encode())


async def is_mapsrv(url: str) -> bool:
    """Return whether who answers there speaks as a mapsrv does, whoever it is: it is told nothing."""
    with trio.move_on_after(LOOK_SECONDS), suppress(OSError, ValueError, Lost):
        parts = urlsplit(url)
        stream = await trio.open_tcp_stream(parts.hostname or "", parts.port or 80)
        with closing(ProvenConnection(LocalServer(url, 0, "", ""), stream)) as connection:
            nonce = secrets.token_urlsafe(24)
            answer = await connection.ask(Request("GET", f"{PATH}?nonce={nonce}", {}), MAX_PROOF)
        return _PROOF.fullmatch(answer.body) is not None
    return False


async def open_proven(server: LocalServer) -> ProvenConnection | None:
    """Return a new connection to that server; None where nobody answers there in time, or a stranger."""
    connection, proven = None, False
    try:
        with trio.move_on_after(ANSWER_SECONDS):
            # No proxy of the environment stands between two processes of one machine.
            parts = urlsplit(server.url)
            if parts.scheme != "http" or not parts.hostname:
                return None
            stream = await trio.open_tcp_stream(parts.hostname, parts.port or 80)
            connection = ProvenConnection(server, stream)
            proven = await connection.is_proven() and connection.is_open
    except (OSError, ValueError, Lost):  # a file may say what is no address, and no text
        pass
    finally:
        if connection is not None and not proven:
            connection.close()
    return connection if proven else None
