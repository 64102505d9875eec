"""Whether a layer can be seen, and by which call it could be: state and summary, and where people look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from mapsrv.core.covering import beneath, covers
from mapsrv.core.data_summary import Summary
from mapsrv.core.state import Json, MapLayer
from mapsrv.core.visibility import Why, reasons
from mapsrv.core.windows import Window, holds, of_camera, of_viewport
from mapsrv.errors import MapsrvError
from mapsrv.hub.live_session import LiveSession
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.tools.words import quoted
from mapsrv.wire.json_text import printed
from mapsrv.wire.style import effective_layers
from mapsrv.wire.viewers import MAX_SHOWN

MAX_ABOVE = 200  # layers above one whose styles are looked at, some ms
MAX_COVERS = 3  # layers above that are looked through: each may be megabytes of areas
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """`why` it is not seen, as far as is known here; `known` says whether all its data is ours to look at."""

    why: Sequence[Why]
    known: bool

    @property
    def seen(self) -> bool | str:
        """True, false or unknown, as get_layer_info has it."""
        if any(one.sure for one in self.why):
            return False
        return UNKNOWN if self.why or not self.known else True


async def seen(live: LiveSession, layer: MapLayer, summary: Summary | None, documents: Documents) -> Seen:
    """Return whether the layer is seen."""
    drawn = list(effective_layers(layer))
    shared = of_camera(live.state.camera)
    why = reasons(layer, drawn, summary, shared, _watched(live))
    if not why and summary is not None and summary.bounds is not None:
        why = await _beneath(live, layer, summary, shared.zoom, documents)
    return Seen(why, summary is not None)


def _watched(live: LiveSession) -> list[Window]:
    """Return where all who watch look; nothing where that of one of them is not known here."""
    people = [one for one in live.presence.people if not one.hidden]
    windows = [window for one in people if (window := of_viewport(one.viewport)) is not None]
    everybody = live.presence.count == live.presence.count_here <= MAX_SHOWN
    return windows if everybody and len(windows) == len(people) else []


async def _beneath(
    live: LiveSession, layer: MapLayer, summary: Summary, zoom: float, documents: Documents
) -> list[Why]:
    box = summary.bounds
    assert box is not None
    above = islice((one for one in live.state if one.visible and one.place > layer.place), MAX_ABOVE)
    found = []
    for cover in islice(covers(((one, list(effective_layers(one))) for one in above), zoom), MAX_COVERS):
        if cover.raster:
            limits = cover.layer.source.get("bounds")
            if limits is None or holds(tuple(limits), box):
                found.append(beneath(layer, cover))
            continue
        try:
            whole = await documents.holds_box(cover.layer.source, box)
        except MapsrvError:  # it is gone, or the workers are busy: who covers it is not known
            continue
        if whole:
            found.append(beneath(layer, cover))
    return found


def why_json(found: Seen) -> dict[str, Json]:
    """Return the fields of get_layer_info."""
    return {"seen": found.seen, "why": [one.to_json() for one in found.why]}


def warning(layer_id: str, one: Why) -> str:
    """Return a reason as a Receipt has it: of which layer, and the call that mends it."""
    mend = "" if one.tool is None else f" Mend it: {one.tool} {printed(dict(one.arguments))}"
    return f"{quoted(layer_id)} is not seen. {one.text}{mend}"
