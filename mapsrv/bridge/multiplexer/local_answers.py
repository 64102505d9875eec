"""What a child is not asked: the call of a tool that is held back, the end of what others still hear of."""

from __future__ import annotations

from collections.abc import Iterable

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message, Pairs
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.message_guard import text
from mapsrv.bridge.multiplexer.tool_filter import Tools


def answered_here(
    message: Message, said: Pairs, port: ClientPort, ports: Iterable[ClientPort], tools: Tools
) -> Message | None:
    """Return the answer to such a request with these params; notes who hears of which resource.

    Raises BadRequest where it is not clear of which it is.
    """
    if message.method == "tools/call":
        if (why := tools.refusal(said)) is not None:
            return json_rpc.failure(message.id, json_rpc.INVALID_PARAMS, why)
    elif message.method == "resources/subscribe":
        port.subscribed.add(text(said, "uri"))
    elif message.method == "resources/unsubscribe":
        uri = text(said, "uri")
        port.subscribed.discard(uri)
        if uri in subscribed(ports):  # others go on hearing of it
            return json_rpc.answer(message.id, {})
    return None


def subscribed(ports: Iterable[ClientPort]) -> set[str]:
    """Return the resources that somebody asked to hear of."""
    return {uri for port in ports for uri in port.subscribed}
