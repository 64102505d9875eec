"""Sources of add_layer that are here already: built-in data, and the source of another layer.

Either becomes what any source is: built-in data is stored as a document, like data that somebody sent;
another layer's source is taken as it is now, and that layer is named as relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mapsrv.core.commands import OTHERS, AddLayer
from mapsrv.core.drawing_order import find
from mapsrv.core.state import MapLayer, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer.documents import ATTRIBUTION
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.wire.builtin import BUILTIN, parse_builtin
from mapsrv.wire.json_text import shown
from mapsrv.wire.style_layers import check_drawn_by


def is_builtin(command: AddLayer) -> bool:
    """Whether a call names a built-in set as its data."""
    data = command.source.get("data")
    return isinstance(data, str) and data.startswith(BUILTIN)


async def with_source(
    command: AddLayer, state: MapState, documents: Documents, gazetteer: Gazetteer
) -> tuple[AddLayer, Mapping[str, MapLayer | None]]:
    """Return the command with a source that needs nothing of here, and the layers that it relies on."""
    if OTHERS in command.source:
        return _of_other(command, state)
    if not is_builtin(command):
        return command, {}
    data = command.source["data"]
    builtin = parse_builtin(data)
    stored = await documents.put(await gazetteer.document(builtin))
    if not stored.summary.features:
        raise InvalidArgument(
            f"{shown(data)} has no features: ask for less. find_places tells what is known."
        )
    source = {"attribution": ATTRIBUTION[builtin.name], **command.source, "data": stored.data}
    return replace(command, source=source), {}


def _of_other(command: AddLayer, state: MapState) -> tuple[AddLayer, Mapping[str, MapLayer | None]]:
    other, _ = find(state, command.source[OTHERS])
    check_drawn_by(other.source["type"], command.style_layers or ())
    taken = replace(command, source=other.source, attribution=command.attribution or other.attribution)
    return taken, {other.id: other}
