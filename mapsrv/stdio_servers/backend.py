"""Asking a service's HTTP API: one GET with bounds on its time and size, its failure told as what to do.

An address may carry NAME:PASSWORD@; neither it nor the address is ever told to a caller.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeAlias, TypeVar

import httpx2
import msgspec
import trio

from mapsrv.errors import InvalidArgument, StartupError, StoreUnavailable, TooLarge

ANSWER_SECONDS = 20.0  # for a whole answer; a search over weeks of logs takes long
MAX_ANSWER = 16 * 2**20  # bytes; Netdata's list of charts has 3 KiB for each
MAX_SAID = 500  # characters of a refusal in the service's own words
MAX_PAST = timedelta(days=30)  # Loki's own limit is a little more

Since = Annotated[
    str,
    msgspec.Meta(pattern="^[1-9][0-9]{0,5}[smhdw]$", description="How far back from `end`: 15m, 6h, 7d"),
]
End = Annotated[
    str,
    msgspec.Meta(max_length=40, description="Where the time ends: 2026-11-21T17:00:00Z; empty: now"),
]
_MOMENT = re.compile(r"[12]\d{3}-\d\d-\d\d[Tt ]\d\d:\d\d")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Params: TypeAlias = dict[str, str | int | list[str]]
T = TypeVar("T")


class NotAnswered(StoreUnavailable):
    """A service that is asked over HTTP gave no answer, or none that its API knows."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A service; `variable` is what names its address, `url` is None while nothing does."""

    name: str
    variable: str
    url: str | None
    client: httpx2.AsyncClient

    async def get(self, path: str, kind: type[T], params: Params) -> T:
        """Return the answer as a `kind`; raises InvalidArgument, TooLarge or NotAnswered."""
        if self.url is None:
            raise NotAnswered(
                f"{self.name} is not set up here. Whoever runs this server can set {self.variable} to its"
                " address and start it again."
            )
        try:
            with trio.fail_after(ANSWER_SECONDS):
                status, body = await self._fetch(self.url + path, params)
        except (trio.TooSlowError, httpx2.TimeoutException):
            raise NotAnswered(
                f"{self.name} did not answer within {ANSWER_SECONDS:g} seconds. Ask for a shorter time."
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise NotAnswered(
                f"{self.name} cannot be reached ({why[:MAX_SAID]}). Check that it runs, and {self.variable}."
            ) from error
        if status != 200:
            raise self._refusal(status, body)
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotAnswered(
                f"What {self.name} answered is not what its API says: {error}. Check {self.variable}."
            ) from error

    async def _fetch(self, url: str, params: Params) -> tuple[int, bytes]:
        async with self.client.stream("GET", url, params=params) as response:
            body = bytearray()
            async with aclosing(response.aiter_bytes()) as parts:
                async for part in parts:
                    body += part
                    if len(body) > MAX_ANSWER:
                        raise TooLarge(
                            f"{self.name}'s answer is over {MAX_ANSWER // 2**20} MiB. Ask for less, or a"
                            " shorter time."
                        )
            return response.status_code, bytes(body)

    def _refusal(self, status: int, body: bytes) -> Exception:
        said = (
            " ".join(body[: 4 * MAX_SAID].decode("utf-8", "replace").split())[:MAX_SAID].rstrip(".")
            or "nothing more"
        )
        if status in (400, 404, 422):
            return InvalidArgument(f"{self.name} refused this: {said}.")
        if status in (401, 403):
            return NotAnswered(
                f"{self.name} asks for a name and a password. Whoever runs this server can write them into"
                f" {self.variable}, as http://NAME:PASSWORD@HOST."
            )
        if status == 429 or status >= 500:
            return NotAnswered(
                f"{self.name} cannot answer now: {status}, {said}. Try later, or ask for a shorter time."
            )
        return NotAnswered(f"{self.name} answered {status}, which its API does not. Check {self.variable}.")


@asynccontextmanager
async def open_backend(name: str, variable: str) -> AsyncIterator[Backend]:
    """Yield the service that the environment's variable names, if it does; raises StartupError."""
    url = parse_address(variable, os.environ.get(variable, ""))
    # No proxy of the environment stands between a service and its watcher.
    verify = url is not None and url.startswith("https:")
    # A connection kept idle may be closed just as it is used again, a failure with no cause; we ask rarely.
    limits = httpx2.Limits(max_keepalive_connections=0)
    options: dict[str, Any] = {"timeout": ANSWER_SECONDS, "trust_env": False, "limits": limits}
    async with httpx2.AsyncClient(verify=verify, **options) as client:
        yield Backend(name, variable, url, client)


def parse_address(variable: str, text: str) -> str | None:
    """Return an address without a slash at its end, or None for an empty text; raises StartupError."""
    if not text:
        return None
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        url = httpx2.URL()
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise StartupError(f"{variable} is not an address. Give it as http://HOST:PORT, or with a path.")
    return text.rstrip("/")


def parse_range(since: str, end: str) -> tuple[datetime, datetime]:
    """Return a time's start and end; raises InvalidArgument. The pattern of `since` was checked."""
    past = timedelta(**{_UNITS[since[-1]]: int(since[:-1])})
    if past > MAX_PAST:
        raise InvalidArgument(
            f"`since` is {since}; {MAX_PAST.days}d is the most. Move `end` to look further back."
        )
    try:
        until = _moment(end) if end else datetime.fromtimestamp(time.time(), UTC)
        return (until - past).astimezone(UTC), until.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"`end` is {end!r}, which is no time. Write it as 2026-11-21T17:00:00Z."
        ) from None


def _moment(text: str) -> datetime:
    if not _MOMENT.match(text):  # Python reads more, such as a week's number
        raise ValueError
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
