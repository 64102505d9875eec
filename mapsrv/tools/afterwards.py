"""What a model is told once its call is done: what people did meanwhile, and why its layer is not seen.

All of it is looked up beside the command, never before its commit: what fails here is left out, since the
command is done. POST /commands is told none of it: its author looks at the map.
"""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core.commands import AddLayer, Command, RemoveLayer, SetLayerDetails, ToggleLayer
from mapsrv.core.drawing_order import find
from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.core.state import MapState
from mapsrv.core.visibility import Why
from mapsrv.errors import MapsrvError, UnknownLayer
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.tools import people_did, seen
from mapsrv.tools.caller import Caller
from mapsrv.wire.receipt import Receipt

_NAMES = ("layer_id", "below", "above")  # fields of commands and queries that name a layer


async def completed(hub: Hub, receipt: Receipt, command: Command | None, caller: Caller) -> Receipt:
    """Return the Receipt with `people_did`, and with warnings of what cannot be seen.

    Without a command, and where nothing changed, the Receipt's position is no event of this call.
    """
    own = command is not None and NOTHING_CHANGED not in receipt.warnings
    try:
        async with hub.open_session(receipt.session_id) as live:
            events = people_did.before_own(live.session, caller.author, receipt.position if own else None)
            lines = people_did.people_did(events, hub.clock.wall())
            warnings = await _unseen(hub, live, command)
    except MapsrvError:
        return receipt  # it is done; the map was let go since
    facts = {**receipt.facts, "people_did": lines} if lines else receipt.facts
    return replace(receipt, warnings=(*receipt.warnings, *warnings), facts=facts)


async def _unseen(hub: Hub, live: LiveSession, command: Command | None) -> list[str]:
    name = getattr(command, "layer_id", getattr(command, "id", None))
    if command is None or name is None or isinstance(command, (RemoveLayer, SetLayerDetails)):
        return []
    try:
        layer, _ = find(live.state, name)
    except UnknownLayer:
        return []  # somebody removed it since
    try:
        summary = await hub.documents.summary(layer.source)
    except MapsrvError:
        return []  # its data is gone, or cannot be read now: who asks for the layer is told
    found = await seen.seen(live, layer, summary, hub.documents)
    return [seen.warning(layer.id, one) for one in found.why if not _asked_for(command, one)]


def _asked_for(command: Command, one: Why) -> bool:
    """Whether the caller meant it so, or is told already."""
    hides = isinstance(command, ToggleLayer) or (isinstance(command, AddLayer) and not command.visible)
    return (hides and one.tool == "toggle_layer") or (isinstance(command, AddLayer) and one.tool is None)


async def was_there(hub: Hub, error: UnknownLayer, request: object, session_id: str) -> UnknownLayer:
    """Return the refusal with who removed the layer, where the log still says so."""
    try:
        async with hub.open_session(session_id) as live:
            for name in _unknown(live.state, request):
                said = people_did.removed(live.session.log, name, hub.clock.wall())
                if said is not None:
                    return UnknownLayer(f"{error.message} {said}")
    except MapsrvError:
        pass
    return error


def _unknown(state: MapState, request: object) -> list[str]:
    named = [getattr(request, field, None) for field in _NAMES]
    return [name for name in named if name and name not in state.layers and name not in state.owners]
