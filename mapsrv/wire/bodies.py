"""A large body of POST /commands made small, in a worker process: GeoJSON goes out of it as bytes.

Parsing 256 KiB holds the loop for some ms, 1 MiB too long. What comes back is small enough to parse
there, and bytes, never objects.
"""

from __future__ import annotations

from dataclasses import dataclass

from mapsrv.core.state import Json
from mapsrv.errors import TooLarge
from mapsrv.wire.codec import dumps
from mapsrv.wire.json_text import loads
from mapsrv.wire.source_fields import is_geojson
from mapsrv.wire.source_text import json_of
from mapsrv.wire.tools.update_features import feature_lists

MAX_SMALL = 256 * 1024  # bytes that are parsed on the loop
FEATURES = ("add", "update", "remove")


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
        take = _TAKERS.get(str(value.get("command")))
        if take is not None and isinstance(arguments, dict):
            arguments, document = take(arguments)
            value = {**value, "arguments": arguments}
    small = dumps(value)
    if len(small) > MAX_SMALL:
        raise TooLarge(
            f"A command may have {MAX_SMALL // 1024} KiB besides its GeoJSON. POST large GeoJSON to /data and"
            ' send the "data/NAME" that it answers as the source.'
        )
    return SlimBody(small, document)


def _take_source(arguments: dict[str, Json]) -> tuple[dict[str, Json], bytes | None]:
    source = _parsed(arguments.get("source"), "source")
    if is_geojson(source):
        return {**arguments, "source": {"type": "geojson"}}, dumps(source)
    if isinstance(source, dict) and source.get("type") == "geojson":
        data = _parsed(source.get("data"), "source.data")
        if is_geojson(data):
            rest = {key: item for key, item in source.items() if key != "data"}
            return {**arguments, "source": rest}, dumps(data)
    return arguments, None


def _take_features(arguments: dict[str, Json]) -> tuple[dict[str, Json], bytes | None]:
    lists = {key: _parsed(arguments[key], key) for key in FEATURES if key in arguments}
    rest = {key: item for key, item in arguments.items() if key not in FEATURES}
    return rest, dumps(feature_lists(lists))


def _parsed(value: Json, what: str) -> Json:
    """Return what a text that begins like JSON is the JSON of; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    return json_of(value, what)


_TAKERS = {"add_layer": _take_source, "update_features": _take_features}
