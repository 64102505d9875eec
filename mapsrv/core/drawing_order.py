"""Where layers are: finding one by either kind of id, and its place in the drawing order."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.core import ops as o
from mapsrv.core.rank import between
from mapsrv.core.state import MapLayer, MapState
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument, UnknownLayer

MAX_RANK = 64  # characters; past it every layer gets a fresh short rank


def find(state: MapState, name: str) -> tuple[MapLayer, str | None]:
    """Return the MapLayer of that id, or the one that owns that style layer, and the style layer's id."""
    if name in state.layers:
        return state.layers[name], None
    if name in state.owners:
        return state.layers[state.owners[name]], name
    known = [*state.layers, *state.owners]
    if not known:
        raise UnknownLayer(f'There is no layer "{name}": this map has no layers yet. Add one with add_layer.')
    raise UnknownLayer(
        f'There is no layer "{name}" on this map.{nearest(name, known)} list_layers shows what is there.'
    )


def placed(state: MapState, name: str, below: str | None) -> tuple[str, list[o.Op]]:
    """Return the rank for a layer that is added beneath `below`, or in its old place, or on top."""
    before = state.layers.get(name)
    if below is None and before is not None:
        return before.rank, []
    others = [layer for layer in state if layer.id != name]
    index = len(others) if below is None else _index(state, others, name, below)
    return _rank_at(others, index)


def moved(state: MapState, command: c.MoveLayer) -> list[o.Op]:
    """Return the ops that bring the layer to its new place: none when it is there."""
    layer, _ = find(state, command.layer_id)
    others = [other for other in state if other.id != layer.id]
    index = len(others)
    if command.below is not None:
        index = _index(state, others, layer.id, command.below)
    elif command.above is not None:
        index = _index(state, others, layer.id, command.above) + 1
    elif command.to == "bottom":
        index = 0
    if list(state.layers).index(layer.id) == index:
        return []
    rank, ops = _rank_at(others, index)
    return [*ops, o.LayerSet(layer.id, {"rank": rank})]


def _index(state: MapState, others: list[MapLayer], name: str, neighbour: str) -> int:
    layer, _ = find(state, neighbour)
    if layer.id == name:
        raise InvalidArgument(f'"{neighbour}" is the layer itself. Name another layer to put it beside.')
    return others.index(layer)


def _rank_at(others: list[MapLayer], index: int) -> tuple[str, list[o.Op]]:
    low = others[index - 1].rank if index else None
    high = others[index].rank if index < len(others) else None
    if low is None or high is None or low < high:
        rank = between(low, high)
        if len(rank) <= MAX_RANK:
            return rank, []
    return _renumbered(others, index)


def _renumbered(others: list[MapLayer], index: int) -> tuple[str, list[o.Op]]:
    """Give every layer a fresh rank: the old ones had grown too long, or two were equal."""
    ranks: list[str] = []
    for _ in range(len(others) + 1):
        ranks.append(between(ranks[-1] if ranks else None, None))
    mine = ranks.pop(index)
    return mine, [o.LayerSet(layer.id, {"rank": rank}) for layer, rank in zip(others, ranks, strict=True)]
