"""What may be told of a FeatureCollection without showing it whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from mapsrv.core.bounds import Bounds, bounds
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

_TYPES: dict[type, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"
}  # fmt: skip


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
    ids: Mapping[str, Json] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    some = islice(named.items(), MAX_PROPERTIES)
    described = {_cut(name): found.described(len(features)) for name, found in some}
    odd = oddities(features)
    return Summary(
        features=len(features),
        geometry_types=tuple(sorted(types)),
        bounds=bounds(collection),
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


class _Property:
    """What one property's values are, as they come by."""

    __slots__ = ("types", "values", "count", "distinct", "texts", "least", "greatest")

    def __init__(self) -> None:
        self.types: set[type] = set()
        self.values: list[Json] = []  # the first that differ, at most MAX_VALUES
        self.count = 0
        self.distinct: set[Json] = set()
        self.texts = 0
        self.least: Json = None
        self.greatest: Json = None

    def see(self, value: Json) -> None:
        kind = type(value)
        self.types.add(kind)
        self.count += value is not None
        if kind is int or kind is float:
            if self.least is None:
                self.least = self.greatest = value
            elif value < self.least:
                self.least = value
            elif value > self.greatest:
                self.greatest = value
        elif kind is not str and kind is not bool:
            return
        if len(self.distinct) <= MAX_DISTINCT:
            self._differs(f"{value}" if kind is bool else value, value)

    def _differs(self, key: Json, value: Json) -> None:
        """Keep a value that was not there yet; a bool goes by its name, since True is 1."""
        if key in self.distinct:
            return
        self.distinct.add(key)
        if len(self.values) < MAX_VALUES:
            sample = _cut(value) if isinstance(value, str) else value
            self.values.append(sample)
            self.texts += len(sample) if isinstance(sample, str) else 0

    def described(self, features: int) -> dict[str, Json]:
        """Return {"type", "count", "missing", "distinct", "least"?, "greatest"?, "values", "all"}.

        `count` features have a value, `missing` have none or null; `all`: values are all there are.
        """
        names = {_TYPES[kind] for kind in self.types if kind in _TYPES}
        kind = names.pop() if len(names) == 1 else "mixed" if names else "null"
        told: dict[str, Json] = {"type": kind, "count": self.count, "missing": features - self.count}
        if self.distinct:
            many = len(self.distinct) > MAX_DISTINCT
            told["distinct"] = f"over {MAX_DISTINCT:,}" if many else len(self.distinct)
        if self.least is not None:
            told |= {"least": self.least, "greatest": self.greatest}
        whole = len(self.values) == len(self.distinct) and self.texts <= MAX_TEXTS
        whole = whole and not self.types & {list, dict}
        return {**told, "values": self.values if whole else self.values[:MAX_SAMPLES], "all": whole}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
