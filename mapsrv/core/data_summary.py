"""What may be told of a FeatureCollection without showing it whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from mapsrv.core.bounds import Bounds, bounds
from mapsrv.core.cells import cells
from mapsrv.core.geojson import is_plain
from mapsrv.core.geometry import simple
from mapsrv.core.geometry_faults import oddities
from mapsrv.core.state import PROMOTED, RESERVED, Json

MAX_PROPERTIES = 50  # described; a reader is told how many more there are
MAX_VALUES = 50  # of each, where that is all of them
MAX_SAMPLES = 5  # of each that has more, or longer ones
MAX_TEXTS = 2_000  # characters that all of them have together
MAX_DISTINCT = 1_000  # values that are told apart; beyond it is said that there are more
MAX_TEXT = 200  # characters of a sample or a name
MAX_IDS = 5  # ids of features that are shown
SLICE = 10_000  # values looked at before it is known that there are enough

_TYPES: dict[type, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"
}  # fmt: skip
_NUMBERS = frozenset({int, float})
_SCALARS = frozenset({str, int, float, bool})


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a regular FeatureCollection.

    geometry_types are sorted, a collection's own among them; properties are as _Property.described() has
    them; next_id is one more than the greatest integer id; promoted says whether ids stand in PROMOTED; ids
    are {"kind", "first"}; faults and notes are as geometry_faults.py has them.
    """

    features: int
    geometry_types: tuple[str, ...]
    bounds: Bounds | None
    properties: Mapping[str, Mapping[str, Json]]
    properties_left_out: int
    next_id: int
    promoted: bool
    cells: int = 0  # as cells.py has them
    ids: Mapping[str, Json] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def summary(collection: Mapping[str, Json]) -> Summary:
    """Return the Summary of a regular FeatureCollection."""
    features = collection["features"]
    types: set[str] = set()
    next_id, promoted = 0, False
    for feature in features:
        geometry, properties = feature["geometry"], feature["properties"]
        if geometry is not None:
            types.add(geometry["type"])
            if geometry["type"] == "GeometryCollection":
                types.update(inner["type"] for inner in simple(geometry))
        if is_plain(feature["id"]) and feature["id"] >= next_id:
            next_id = feature["id"] + 1
        promoted = promoted or PROMOTED in properties
    seen = dict.fromkeys(chain.from_iterable(feature["properties"] for feature in features))
    named = [name for name in seen if not name.startswith(RESERVED)]
    described = {_cut(name): _described(name, features) for name in named[:MAX_PROPERTIES]}
    odd, box = oddities(features), bounds(collection)
    return Summary(
        features=len(features),
        geometry_types=tuple(sorted(types)),
        bounds=box,
        cells=0 if box is None else cells(features, box),
        properties=described,
        properties_left_out=len(named) - len(described),
        next_id=next_id,
        promoted=promoted,
        ids=_ids(features),
        faults=odd.faults,
        notes=odd.notes,
    )


def _ids(features: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return of which kind the ids are (number, text, mixed), and the first of them."""
    kinds = {isinstance(feature["id"], str) for feature in features}
    kind = "mixed" if len(kinds) == 2 else "text" if True in kinds else "number"
    first = [feature["id"] for feature in islice(features, MAX_IDS)]
    return {"kind": kind, "first": first} if features else {}


# Column by column, each in loops of C: feature by feature it takes four times as long, which for half a
# million features is more than a worker has.
def _described(name: str, features: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return {"type", "count", "missing", "distinct", "least"?, "greatest"?, "values", "all"} of a property.

    `count` features have a value, `missing` have none or null; `all`: values are all there are.
    """
    column = [value for feature in features if (value := feature["properties"].get(name)) is not None]
    types = set(map(type, column))
    names = {_TYPES[kind] for kind in types if kind in _TYPES}
    kind = names.pop() if len(names) == 1 else "mixed" if names else "null"
    told: dict[str, Json] = {"type": kind, "count": len(column), "missing": len(features) - len(column)}
    distinct = _distinct(column, types)
    if distinct:
        many = len(distinct) > MAX_DISTINCT
        told["distinct"] = f"over {MAX_DISTINCT:,}" if many else len(distinct)
    if types & _NUMBERS:
        numbers = column if types <= _NUMBERS else [value for value in column if type(value) in _NUMBERS]
        told |= {"least": min(numbers), "greatest": max(numbers)}
    values = [_cut(value) if isinstance(value, str) else value for value in islice(distinct, MAX_VALUES)]
    texts = sum(len(value) for value in values if isinstance(value, str))
    whole = len(values) == len(distinct) and texts <= MAX_TEXTS and types <= _SCALARS
    return {**told, "values": values if whole else values[:MAX_SAMPLES], "all": whole}


def _distinct(column: Sequence[Json], types: set[type]) -> list[Json]:
    """Return the first scalars that differ, at most some more than MAX_DISTINCT."""
    found: dict[Json, Json] = {}
    apart = bool in types and types & _NUMBERS  # True is 1 to a dict, and not on a map
    for start in range(0, len(column), SLICE):
        some = column[start : start + SLICE]
        if not types <= _SCALARS:
            some = [value for value in some if type(value) in _SCALARS]
        if apart:
            for value in some:
                found.setdefault((type(value) is bool, value), value)
        else:
            found |= {value: value for value in dict.fromkeys(some) if value not in found}
        if len(found) > MAX_DISTINCT:
            break
    return list(found.values())


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
