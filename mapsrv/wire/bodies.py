"""A large body of POST /commands made small, in a worker process: GeoJSON goes out of it as bytes.

Parsing 256 KiB holds the loop for some ms, 1 MiB too long. What comes back is small enough to parse
there, and bytes, never objects.
"""

from __future__ import annotations

from dataclasses import dataclass

from mapsrv.errors import TooLarge
from mapsrv.wire.codec import dumps
from mapsrv.wire.json_text import loads
from mapsrv.wire.source_text import json_of
from mapsrv.wire.tools.table import TOOLS

MAX_SMALL = 256 * 1024  # bytes that are parsed on the loop
_SLIM = {tool.name: tool.slim for tool in TOOLS}


@dataclass(frozen=True, slots=True)
class SlimBody:
    """The body as small JSON, and the GeoJSON that was in it, as parse_command_body takes them."""

    value: bytes
    document: bytes | None


def slim_body(body: bytes) -> SlimBody:
    """Return the body without its GeoJSON, and that; raises MapsrvError, TooLarge when it stays large."""
    value = loads(body)
    document: bytes | None = None
    if isinstance(value, dict):
        arguments = value.get("arguments")
        if isinstance(arguments, str) and arguments.lstrip().startswith("{"):
            arguments = json_of(arguments, "arguments")
        slim = _SLIM.get(str(value.get("command")))
        if slim is not None and isinstance(arguments, dict):
            arguments, document = slim(arguments)
            value = {**value, "arguments": arguments}
    small = dumps(value)
    if len(small) > MAX_SMALL:
        raise TooLarge(
            f"A command may have {MAX_SMALL // 1024} KiB besides its GeoJSON. POST large GeoJSON to /data and"
            ' send the "data/NAME" that it answers as the source.'
        )
    return SlimBody(small, document)
