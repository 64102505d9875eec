"""Which map a message to /messages is about, for the line of its request in the log.

Its call is run by the stream's own task, whose lines are those of the request that opened it: what is found
out there is too late, or on another pod. So what the message says is read here, as the tools will read it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from mcp_types import JSONRPCMessage, JSONRPCRequest

from mapsrv.errors import InvalidArgument
from mapsrv.logs import note_session
from mapsrv.tools.caller import MAX_FIELDS
from mapsrv.wire.arguments import MAP_NAMES
from mapsrv.wire.fields import session_id


def map_of_address(query: bytes) -> str | None:
    """Return the map that the address of a stream names; None where it names none."""
    try:
        return _map(parse_qs(query.decode("latin-1"), max_num_fields=MAX_FIELDS).get("session", [""])[-1])
    except ValueError:  # too many fields, of which the calls will tell
        return None


def note_map(message: JSONRPCMessage, of_address: str | None) -> None:
    """Say which map a message is about: the one that its call names, else that of its stream's address."""
    match message:
        case JSONRPCRequest(method="tools/call", params={"arguments": dict(arguments)}):
            named = next((arguments[name] for name in MAP_NAMES if name in arguments), None)
        case _:
            return
    if (found := _map(named) or of_address) is not None:
        note_session(found)


def _map(value: Any) -> str | None:
    try:
        return session_id(value)
    except InvalidArgument:
        return None
