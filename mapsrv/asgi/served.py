"""One request from its head to the end of its answer: its lines in the log, and what they have in common.

One line a request, when its answer is over. What lasts until its reader leaves, an event stream, has a line
when it begins and one when it ends instead. On the way of each command this is all that logging costs, so a
line that would be one too many of its second is counted before it is made.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable
from typing import Any

import trio

from mapsrv.asgi.message import Message, Receive, Send
from mapsrv.asgi.request_id import HEADER
from mapsrv.asgi.routes import EVENTS, MCP, SSE
from mapsrv.logs import CURRENT, FLOOD, Request

REQUEST, BEGUN, ENDED = "request", "stream=begun", "stream=ended"
STREAMED = frozenset({EVENTS, SSE, MCP})  # what is got there, where it is got, lasts until its reader leaves
LEFT = 499  # the status of what was not answered, since its client had gone: as nginx logs it

log = logging.getLogger("mapsrv.http")


class Served(Request):
    """A request that is being served; its `send` is to be used in place of the server's own."""

    __slots__ = ("_began", "_send", "is_stream", "status")

    def __init__(self, scope: Any, request_id: str, route: str, transport: str, send: Send) -> None:
        client = scope.get("client")
        super().__init__(request_id, transport, scope["method"], route, None if client is None else client[0])
        self._began = time.perf_counter()
        self._send = send
        self.is_stream = False
        self.status = 0  # until it is answered

    @property
    def seconds(self) -> float:
        """For how long it has been served."""
        return time.perf_counter() - self._began

    def send(self, message: Message) -> Awaitable[None]:
        """Send a message, and note what it says."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), (HEADER, self.id.encode())]}
            if self.transport in STREAMED and self.status == 200 and self.method == "GET":
                self.is_stream = True
                if _is_written(logging.INFO, BEGUN):
                    log.info(BEGUN)
        return self._send(message)

    def end(self, error: BaseException | None = None) -> None:
        """Write its line, while it is still bound; `error` is what ended it without an answer."""
        self._send = _drop  # an MCP session that it began has these keys for hours, and needs no socket
        status = self.status or (500 if isinstance(error, Exception) else LEFT)
        level = logging.WARNING if status >= 500 else logging.INFO
        event = ENDED if self.is_stream else REQUEST
        if _is_written(level, event):
            log.log(level, event, extra={"status": status, "duration_ms": round(self.seconds * 1000, 2)})


def _is_written(level: int, event: str) -> bool:
    return log.isEnabledFor(level) and not FLOOD.full((log.name, level, event))


async def serve_bound(app: Any, scope: Any, receive: Receive, served: Served) -> None:
    """Have an ASGI application serve a request, with its keys bound meanwhile."""
    bound = CURRENT.set(served)
    try:
        await app(scope, receive, served.send)
    except BaseException as error:
        served.end(error)
        raise
    else:
        served.end()
    finally:
        CURRENT.reset(bound)


async def _drop(_message: Message) -> None:
    """Send nothing: the request is over."""
    await trio.lowlevel.checkpoint()
