"""One request as the views see it, whichever way it came in: made of the ASGI scope, of no framework."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from mapsrv.asgi.message import content_length
from mapsrv.core.log import ANONYMOUS
from mapsrv.errors import BadRequest, UnknownSession
from mapsrv.wire.names import clean_name

VIEWER_COOKIE = "mapsrv_viewer"
# Percent-encoded UTF-8. Queries stand in the logs of proxies, and a pod of an earlier release, beside which a
# page of this one may find itself, refuses a body with a member that it does not know.
NAME_HEADER = "mapsrv-name"
MAX_QUERY = 256  # bytes of a query that is remembered as it was read
MAX_QUERIES = 1_000  # that are remembered
MAX_AUTHORS = 1_000  # whose ids are remembered
MAX_ID = 200  # characters of an id that we look up
SLOWEST = 64 * 1024  # bytes a second: for each that arrive, a body has one second more
SLOW = "The body did not arrive in time. Send it again, or send less."

_VIEWER = re.compile(r"[A-Za-z0-9_-]{16,64}")


class ClientLeft(Exception):
    """The client was gone before its request was here: nobody waits for an answer."""


class Body(Protocol):
    """What the client sends behind the head. Nothing of it is taken before it is read."""

    async def read(self, seconds: float, too_large: str) -> bytes:
        """Return it, whole; it is claimed of the budget until the request has ended.

        Raises SlowBody, Busy where too much is in flight, or TooLarge with that message.
        """


def _read(query: bytes) -> Mapping[str, str]:
    """Return the arguments of a query, of each the first value."""
    return dict(reversed(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))


# Who asks asks again: a page sends each of its commands with one query.
_remembered = lru_cache(MAX_QUERIES)(_read)


@lru_cache(MAX_AUTHORS)  # a person makes one command after the other
def _author(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()[:16]


class Ask:
    """The head of a request, and its body when that is asked for. `held` is closed when it has ended."""

    __slots__ = ("_arguments", "_headers", "base_url", "body", "caller", "held", "scope")

    def __init__(self, scope: Any, body: Body, held: ExitStack, caller: str | None) -> None:
        self.scope, self.body, self.held = scope, body, held
        self.caller = caller  # whom it counts for: mapsrv/asgi/caller.py
        self.base_url: str | None = None  # once a site has found it: site.py
        self._headers: Mapping[bytes, bytes] = dict(reversed(scope["headers"]))  # the first of each name
        self._arguments: Mapping[str, str] | None = None

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The path, decoded."""
        path: str = self.scope["path"]
        return path

    @property
    def scheme(self) -> str:
        """Either http or https, as far as the server knows."""
        scheme: str = self.scope["scheme"]
        return scheme

    @property
    def prefix(self) -> str:
        """What a proxy has taken off the path."""
        prefix: str = self.scope["root_path"]
        return prefix

    def header(self, name: str) -> str | None:
        """Return a header's first value; the name is in lower case."""
        value = self._headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    @property
    def content_length(self) -> int | None:
        """The bytes that the body is said to have."""
        return content_length(self.scope)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def argument(self, name: str) -> str | None:
        """Return the first value of an argument in the query."""
        if self._arguments is None:
            query = self.scope["query_string"]
            self._arguments = _remembered(query) if len(query) <= MAX_QUERY else _read(query)
        return self._arguments.get(name)

    def cookie(self, name: str) -> str:
        """Return a cookie's value, or nothing."""
        for part in (self.header("cookie") or "").split(";"):
            key, _, value = part.partition("=")
            if key.strip() == name:
                return value.strip()
        return ""

    # --- who asks, and of what -------------------------------------------------------

    @property
    def session_id(self) -> str:
        """The map that it names; raises BadRequest, UnknownSession for what is no id."""
        found = self.argument("session")
        if not found:
            raise BadRequest("Say which map: add ?session=ID, as in the map's link.")
        if len(found) > MAX_ID or not found.isascii():
            raise UnknownSession()
        return found

    @property
    def known_viewer(self) -> bool:
        """Whether the browser has its mapsrv_viewer cookie."""
        return _VIEWER.fullmatch(self.cookie(VIEWER_COOKIE)) is not None

    @property
    def author(self) -> str:
        """The id of the person, which does not tell the cookie that it was made of."""
        cookie = self.cookie(VIEWER_COOKIE)
        return _author(cookie) if _VIEWER.fullmatch(cookie) else ANONYMOUS

    @property
    def name(self) -> str:
        """What the person goes by: its ?name=, or else its header, cleaned; or nothing."""
        return clean_name(self.argument("name") or unquote(self.header(NAME_HEADER) or ""))
