"""What a receipt says of what a browser shows: one page is asked, for a moment, once the change is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mapsrv.core.commands import AddLayer, Command, SetTitle
from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.core.state import Json, MapLayer
from mapsrv.hub.asking import covers
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.wire.drawn import Drawn
from mapsrv.wire.receipt import Receipt, Shown

UNWATCHED = "Not checked: nobody is watching, so whether that address answers is not known."
UNANSWERED = "Not checked: no open page answered, so whether that address answers is not known."


async def with_viewer(hub: Hub, receipt: Receipt, command: Command, seconds: float) -> Receipt:
    """Return the receipt with what one page says of it. Nothing is held while it waits."""
    live = hub.held().get(receipt.session_id)
    if seconds <= 0 or live is None or isinstance(command, SetTitle) or NOTHING_CHANGED in receipt.warnings:
        return receipt
    layers = [layer for layer in live.state.layers.values() if layer.id in receipt.changed]
    tab = hub.asking.page(live)
    if tab is None:
        return _unseen(receipt, command, layers, UNWATCHED if not receipt.viewers else UNANSWERED)
    wait = [layer.id for layer in layers if not live.asks.is_slow(layer.id, layer.source)]
    drawn = await hub.asking.ask(live, tab, wait, seconds)
    if drawn is None or not covers(drawn.applied, receipt.position):
        receipt = replace(receipt, shown=Shown(False))
        return _unseen(receipt, command, layers, UNANSWERED)
    _note(live, layers, drawn)
    changed = {layer.id for layer in layers}
    waiting = tuple(name for name in drawn.loading if name in changed)
    problems = tuple(problem for problem in drawn.problems if problem.layer_id in changed)
    return replace(receipt, shown=Shown(True, waiting), problems=problems)


def _unseen(receipt: Receipt, command: Command, layers: list[MapLayer], why: str) -> Receipt:
    if isinstance(command, AddLayer) and any(is_elsewhere(layer.source) for layer in layers):
        return replace(receipt, warnings=(*receipt.warnings, why))
    return receipt


def _note(live: LiveSession, layers: list[MapLayer], drawn: Drawn) -> None:
    """Remember whose data was late or failed: until the source is another it is not waited for again."""
    late = {*drawn.loading, *(problem.layer_id for problem in drawn.problems)}
    for layer in layers:
        live.asks.note(layer.id, layer.source, layer.id in late)


def is_elsewhere(source: Mapping[str, Json]) -> bool:
    """Return whether a source's data is at an address, where only a browser sees what comes of it."""
    if "url" in source or "urls" in source or "tiles" in source:
        return True
    data = source.get("data")
    return isinstance(data, str) and not data.startswith("data/")
