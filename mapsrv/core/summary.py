"""What may be told of a FeatureCollection without showing it whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from mapsrv.core.bounds import Bounds, bounds
from mapsrv.core.geojson import is_plain
from mapsrv.core.geometry import simple
from mapsrv.core.state import PROMOTED, RESERVED, Json

MAX_PROPERTIES = 50  # described; a reader is told how many more there are
MAX_VALUES = 5  # samples of each
MAX_TEXT = 200  # characters of a sample or a name

_TYPES: dict[type, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a regular FeatureCollection.

    geometry_types are sorted, a collection's own among them; properties are {name: {"type", "values"}};
    next_id is one more than the greatest integer id; promoted says whether ids stand in PROMOTED.
    """

    features: int
    geometry_types: tuple[str, ...]
    bounds: Bounds | None
    properties: Mapping[str, Mapping[str, Json]]
    properties_left_out: int
    next_id: int
    promoted: bool


def summary(collection: Mapping[str, Json]) -> Summary:
    """Return the Summary of a regular FeatureCollection."""
    features = collection["features"]
    types: set[str] = set()
    seen: dict[str, _Property] = {}
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
        for name, value in properties.items():
            found = seen.get(name)
            if found is None:
                found = seen[name] = _Property()
            found.see(value)
    named = {name: found for name, found in seen.items() if not name.startswith(RESERVED)}
    described = {_cut(name): found.described() for name, found in islice(named.items(), MAX_PROPERTIES)}
    left_out = len(named) - len(described)
    box = bounds(collection)
    return Summary(len(features), tuple(sorted(types)), box, described, left_out, next_id, promoted)


class _Property:
    """The types of one property's values, and the first few that differ."""

    __slots__ = ("types", "values")

    def __init__(self) -> None:
        self.types: set[type] = set()
        self.values: list[Json] = []

    def see(self, value: Json) -> None:
        self.types.add(type(value))
        if len(self.values) < MAX_VALUES and isinstance(value, (str, int, float)):
            sample = _cut(value) if isinstance(value, str) else value
            if sample not in self.values:
                self.values.append(sample)

    def described(self) -> dict[str, Json]:
        names = {_TYPES[kind] for kind in self.types if kind in _TYPES}
        kind = names.pop() if len(names) == 1 else "mixed" if names else "null"
        return {"type": kind, "values": self.values}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
