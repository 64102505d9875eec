"""The requests of one connection: each served by the application in a task of its own.

In place of Hypercorn's TaskGroup, whose queue hangs the connection where an application answers
without reading the whole body.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import trio
from hypercorn.config import Config
from hypercorn.typing import AppWrapper

from mapsrv.change import Change

MAX_WAITING = 2  # parts of a body, up to 64 KiB each, that the application has not taken

log = logging.getLogger("mapsrv.http")

Message: TypeAlias = Any  # of ASGI
SendAll: TypeAlias = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


class Inbox:
    """What one request's client sends; its reader waits where the application does not take it."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._change = Change()
        self._closed = False
        self.left = False  # whether the client is gone

    async def put(self, message: Message) -> None:
        """Add a message; nobody waits with the last one, nor for an application that is done."""
        if message["type"] == "http.request":
            await self._change.until(lambda: self._closed or len(self._messages) < MAX_WAITING)
        else:
            self.left = True
        self._messages.append(message)
        self._change.tell()

    async def get(self) -> Message:
        """Return the next message."""
        await self._change.until(lambda: self._messages)
        message = self._messages.popleft()
        self._change.tell()
        return message

    def close(self) -> None:
        """Say that nothing will be taken any more."""
        self._closed = True
        self._change.tell()


class AsgiTasks:
    """Those of one connection. `at_once` writes all that a call sends in one piece."""

    def __init__(self, nursery: trio.Nursery, at_once: SendAll) -> None:
        self._nursery, self._at_once = nursery, at_once

    async def spawn_app(
        self, app: AppWrapper, config: Config, scope: Any, send: Callable[[Any], Awaitable[None]]
    ) -> Callable[[Message], Awaitable[None]]:
        """Have the application serve a request; return what takes in what its client sends."""
        inbox = Inbox()
        self._nursery.start_soon(self._serve, app, scope, inbox, send)
        return inbox.put

    def spawn(self, func: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Have a protocol's own task run."""
        self._nursery.start_soon(func, *args)

    async def _serve(self, app: AppWrapper, scope: Any, inbox: Inbox, send: Callable[[Any], Any]) -> None:
        head: list[Message] = []

        async def send_held() -> None:
            while head:
                await send(head.pop(0))

        async def send_message(message: Message) -> None:
            if inbox.left:
                # Nothing waits in a closed connection. An application that has all at hand would else send
                # it to the end, each part made for nobody, before it is told that its client left.
                return await trio.lowlevel.checkpoint()
            head.append(message)
            if message["type"] != "http.response.start":  # which says nothing before the body does
                await self._at_once(send_held)

        async def end() -> None:
            await send(None)

        try:
            await app(scope, inbox.get, send_message, _no_threads, _no_threads)
        except Exception:
            log.exception("The application failed")
        finally:
            inbox.close()
        await self._at_once(end)

    async def __aenter__(self) -> AsgiTasks:
        return self

    async def __aexit__(self, *_error: object) -> None:
        pass


def _no_threads(*_args: Any) -> Any:
    raise NotImplementedError("WSGI is not served.")
