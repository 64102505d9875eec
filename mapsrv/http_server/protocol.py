"""Hypercorn's HTTP/1.1 on Http1: bodies pass uncopied, and an answer before its request's end is the last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import h11
from hypercorn.events import RawData
from hypercorn.protocol.events import Event, Response
from hypercorn.protocol.h11 import H11Protocol

from mapsrv.http_server.http1 import Http1

JOINED_BYTES = 4096  # what is no longer is copied into one piece; a larger part may be shared by many readers
_CLOSE = (b"connection", b"close")


class Protocol(H11Protocol):
    """One connection's."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.connection: Http1 = Http1(
            h11.SERVER, max_incomplete_event_size=self.config.h11_max_incomplete_size
        )

    @property
    def unread(self) -> bool:
        """Whether the client still sends the body of a request."""
        return self.connection.their_state is h11.SEND_BODY

    async def stream_send(self, event: Event) -> None:
        """Send what the application says."""
        if isinstance(event, Response) and event.status_code >= 200 and self.unread:
            event = replace(event, headers=[*event.headers, _CLOSE])
        await super().stream_send(event)

    async def _send_h11_event(self, event: Any) -> None:
        try:
            parts = self.connection.send_with_data_passthrough(event) or []
        except h11.LocalProtocolError:
            if self.connection.their_state != h11.ERROR:
                raise
            return
        if sum(map(len, parts)) <= JOINED_BYTES:
            parts = [b"".join(parts)]
        for part in parts:
            await self.send(RawData(data=part))
