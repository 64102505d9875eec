"""What both transports do alike with what is posted: take one message in; answer it alone if that is soon."""

from __future__ import annotations

from mapsrv.asgi.message import Receive, Scope, media_type, read_body
from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.sessions.service import Service
from mapsrv.errors import UnsupportedMediaType

JSON_SECONDS = 1.0  # within which an answer that comes alone is given as JSON

ADVICE = "Start the bridge with a larger --max-body, or have the server read large data itself, by a path."


async def read_message(service: Service, scope: Scope, receive: Receive) -> Message | None:
    """Return the message that was posted, or None where its sender left. Raises MapsrvError."""
    kind = media_type(scope)
    body = await read_body(scope, receive, service.limits.body, ADVICE)
    if body is None:
        return None
    if kind != "application/json":
        raise UnsupportedMediaType(f"Send Content-Type: application/json, not {kind[:80] or 'nothing'!r}.")
    return json_rpc.parse(body)
