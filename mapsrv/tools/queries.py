"""What there is to know of a map, as JSON: always what the map shows, never source data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mapsrv.core.data_summary import Summary
from mapsrv.core.drawing_order import find
from mapsrv.core.log import Event, Position
from mapsrv.core.state import Json, MapLayer, MapState
from mapsrv.errors import InvalidArgument, UnknownData
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.presence.tabs import Viewer
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.tools import people_did
from mapsrv.tools.results import Long
from mapsrv.tools.seen import seen, why_json
from mapsrv.wire.drawn import Problem
from mapsrv.wire.style import effective_layers

LOOK = ("paint", "layout", "minzoom", "maxzoom")
MAX_URL = 2_000  # characters of an address in a source; what is longer is data


def map_state(live: LiveSession, link: str, wrong: Iterable[tuple[str, str]] = ()) -> dict[str, Json]:
    """Return the map as a whole: what is on it, where it looks, who has it open, what went wrong.

    `wrong` are layers whose style no browser draws, each with why.
    """
    styles = (Problem(text, layer_id) for layer_id, text in wrong)
    state = live.state
    return {
        "session_id": live.id,
        "title": state.title,
        "url": link,
        "position": str(live.position),
        "basemap": state.basemap,
        "camera": state.camera.to_json(),
        "layers": _rows(state),
        "viewers": live.presence.count,
        "people": [_person(viewer) for viewer in live.presence.people],
        "problems": [problem.to_json() for problem in (*styles, *live.problems)],
    }


def did_since(live: LiveSession, since: Position | None, author: str, now: float) -> dict[str, Json]:
    """Return what people did since a position, else since this author's last event; nothing for nothing.

    Raises InvalidArgument for a position that the log does not reach back to, or of another history.
    """
    if since is None:
        events: Iterator[Event] | None = people_did.before_own(live.session, author, None)
    else:
        events = people_did.after(live.session.log, since)
    if events is None:
        raise InvalidArgument("since: what happened since that position is not known any more. Leave it out.")
    lines = people_did.people_did(events, now)
    return {"people_did": lines} if lines or since is not None else {}


def layers(live: LiveSession) -> dict[str, Json]:
    """Return the layers, bottom to top."""
    return {"session_id": live.id, "layers": _rows(live.state)}


async def layer_info(live: LiveSession, layer_id: str, documents: Documents) -> dict[str, Json]:
    """Return one layer, and its data in numbers and samples when it is kept here. Raises UnknownLayer."""
    layer, _ = find(live.state, layer_id)
    info = {"session_id": live.id, **_row(layer), "source": _source(layer.source)}
    info["style_layers"] = [
        {key: item for key, item in drawn.items() if key != "source"} for drawn in effective_layers(layer)
    ]
    info["filter"] = layer.filter
    info["restyled"] = dict(layer.restyled)
    if layer.attribution is not None:
        info["attribution"] = layer.attribution
    try:
        summary = await documents.summary(layer.source)
        found = await seen(live, layer, summary, documents)
    except UnknownData as error:
        return {**info, "problem": error.message}
    info |= why_json(found)
    return info if summary is None else {**info, **_data(summary)}


def _rows(state: MapState) -> Long:
    return Long((_row(layer) for layer in state), len(state.layers))


def _row(layer: MapLayer) -> dict[str, Json]:
    overrides = layer.restyled.values()
    row: dict[str, Json] = {
        "id": layer.id,
        "title": layer.title,
        "type": layer.type,
        "visible": layer.visible,
        "has_filter": layer.filter is not None or any("filter" in override for override in overrides),
        "has_custom_paint": any(key in override for override in overrides for key in LOOK),
        "style_layers": list(layer.style_layer_ids()),
    }
    return row if layer.added is None else {**row, "added": layer.added.to_json()}


def _source(source: Mapping[str, Json]) -> dict[str, Json]:
    """Return the source without data: only where the data is."""
    told = {key: item for key, item in source.items() if key != "data"}
    data = source.get("data")
    if isinstance(data, str):
        inline = data[:5].lower() == "data:" or len(data) > MAX_URL
        told["data"] = "(in the source itself)" if inline else data
    elif data is not None:
        told["data"] = "(in the source itself)"
    return told


def _data(summary: Summary) -> dict[str, Json]:
    told: dict[str, Json] = {
        "feature_count": summary.features,
        "geometry_types": list(summary.geometry_types),
        "bounds": None if summary.bounds is None else list(summary.bounds),
        "ids": dict(summary.ids),
        "properties": {name: _property(about) for name, about in summary.properties.items()},
    }
    if summary.properties_left_out:
        told["properties_left_out"] = summary.properties_left_out
    if odd := (*summary.faults, *summary.notes):
        told["geometry"] = list(odd)
    return told


def _property(about: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is known of a property; `values` are all that there are, `samples` the first of more."""
    told = {key: item for key, item in about.items() if key not in ("values", "all")}
    return {**told, ("values" if about["all"] else "samples"): list(about["values"])}


def _person(viewer: Viewer) -> dict[str, Json]:
    told: dict[str, Json] = {"name": viewer.name, "kind": viewer.kind, "viewport": viewer.viewport}
    return told if viewer.pointing is None else {**told, "pointing": viewer.pointing}
