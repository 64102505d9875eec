"""Vector tiles that were added without layers: an open page reads what there is, and a call is ready."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.wire.source_text import NeedsLayers

READ_SECONDS = 8.0  # for a header, and for the tiles in view
MAX_READY = 5  # source-layers that the call draws; a model that wants more has their names

_WHERE = ("type", "url", "tiles", "minzoom", "maxzoom", "bounds", "scheme", "encoding")
_DRAWN_AS = {"Point": "circle", "LineString": "line", "Polygon": "fill"}
UNREAD = " With the map open in a browser, the same call answers with what there is in the tiles."


class SourceLayers(InvalidArgument):
    """The same, with what there is in the tiles: [{id, fields, geometry, zooms}]."""

    def __init__(self, message: str, source_layers: Sequence[Json]) -> None:
        super().__init__(message)
        self.source_layers = list(source_layers)


async def with_source_layers(hub: Hub, live: LiveSession, error: NeedsLayers) -> InvalidArgument:
    """Return the error to answer with; nothing on the map is changed."""
    tab = hub.asking.page(live)
    if tab is None:
        return InvalidArgument(error.message + UNREAD)
    said = await hub.asking.ask(live, tab, (), READ_SECONDS, read=_where(error.source))
    read = {} if said is None or not isinstance(said.read, dict) else said.read
    if read.get("kind") == "raster":
        return InvalidArgument('These are pictures: send the same call with "type": "raster".')
    layers = read.get("layers") or []
    if not layers:
        return InvalidArgument(f"{error.message} An open browser found no vector tiles there where it looks.")
    names = ", ".join(json.dumps(layer["id"], ensure_ascii=False) for layer in layers)
    ready = json.dumps(ready_call(error, layers), ensure_ascii=False)
    return SourceLayers(
        f"Vector tiles need layers. In these there are the source-layers {names}."
        f" Call add_layer with: {ready}",
        layers,
    )


def _where(source: Mapping[str, Json]) -> dict[str, Json]:
    """Return what a page needs of a source to find its tiles: no long list of addresses."""
    kept = {key: item for key, item in source.items() if key in _WHERE}
    if "tiles" in kept:
        kept["tiles"] = kept["tiles"][:1]
    return kept


def ready_call(error: NeedsLayers, layers: Sequence[Json]) -> dict[str, Json]:
    """Return the arguments of the call that draws the first of them."""
    drawn = [
        {"type": _DRAWN_AS.get(layer.get("geometry"), "line"), "source-layer": layer["id"]}
        for layer in layers[:MAX_READY]
    ]
    return {"id": error.layer_id, "source": error.source, "layers": drawn}
