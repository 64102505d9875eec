"""US states on the ground's own shores: the Census Bureau's states, as far as Natural Earth's land goes.

The two draw the same coast differently, by some kilometres. A state on the ground would leave a strip of
bare land at one place, and stand in the water at another. So each state is widened a little, but never into
another, and cut to the land without the lakes that the Bureau leaves out too: the Great Lakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Json: TypeAlias = Any

REACH = 0.12  # degrees that a state may be widened: the two coasts lie nearer to each other nearly everywhere
IN_STATES = 0.5  # of a lake: one that lies so far in the states is part of them
DECIMALS = 0.001  # degrees


def on_shores(states: list[Json], land: Json, lakes: Iterable[Json]) -> list[Json]:
    """Return the states with their geometries cut to the land; `land` and `lakes` are geometries."""
    from shapely import make_valid, set_precision, union_all
    from shapely.geometry import mapping, shape

    bodies = [make_valid(shape(state["geometry"])) for state in states]
    whole = union_all(bodies)
    ground = make_valid(shape(land))
    for lake in map(make_valid, map(shape, lakes)):
        if lake.intersects(ground) and lake.intersection(whole).area < IN_STATES * lake.area:
            ground = ground.difference(lake)
    free = whole.buffer(REACH).difference(whole)  # what may be added, until one has it
    placed = []
    for state, body in zip(states, bodies):
        added = body.buffer(REACH).intersection(free)
        free = free.difference(added)
        widened = union_all([body, added]).intersection(ground)
        areas = set_precision(_areas(widened), DECIMALS)
        placed.append({**state, "geometry": _plain(mapping(_areas(areas)))})
    return placed


def _areas(geometry: Any) -> Any:
    """Return only what is an area: a cut along a shore leaves lines and points too."""
    from shapely import get_parts, union_all

    return union_all([part for part in get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")])


def _plain(value: Any) -> Json:
    """Return tuples as lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
