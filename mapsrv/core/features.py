"""Changes of a FeatureCollection's features: checked once, then applied wherever the map is.

apply_diff never fails, since it replays a log; check_diff is where a change is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat

from mapsrv.core.geojson import (
    MAX_FEATURES,
    SAFE,
    Feature,
    check_feature,
    check_properties,
    fill_ids,
    is_plain,
    promote,
    regular_id,
)
from mapsrv.core.geometry import check_geometry, join, shown
from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import IdTaken, InvalidArgument, LimitReached

NAMES = ("name", "title", "label")  # properties that a feature is called by, the first that it has
MAX_NAME = 60  # characters of such a name that are told
MAX_IDS = 5  # ids of a layer that a refusal tells


@dataclass(frozen=True, slots=True)
class Diff:
    """A checked change. `promoted`: some id of the whole is now of a kind that must be promoted."""

    add: tuple[Feature, ...]
    update: tuple[dict[str, Json], ...]
    remove: tuple[Json, ...]
    promoted: bool

    def to_json(self) -> dict[str, Json]:
        """Return the change as an op has it."""
        lists = {"add": self.add, "update": self.update, "remove": self.remove}
        return {key: list(items) for key, items in lists.items() if items}


def apply_diff(
    collection: Mapping[str, Json],
    add: Iterable[Mapping[str, Json]],
    update: Iterable[Mapping[str, Json]],
    remove: Iterable[Json],
) -> dict[str, Json]:
    """Return the collection after removing, then adding (in place where the id is there), then updating."""
    gone = set(remove)
    kept = collection.get("features", ())
    features = [feature for feature in kept if feature.get("id") not in gone] if gone else list(kept)
    places = {feature.get("id"): place for place, feature in enumerate(features)}
    for feature in add:
        place = places.setdefault(feature.get("id"), len(features))
        features[place : place + 1] = [feature]
    for change in update:
        found = places.get(change.get("id"))
        if found is not None:
            features[found] = _updated(features[found], change)
    return {**collection, "features": features}


def _updated(feature: Mapping[str, Json], change: Mapping[str, Json]) -> Feature:
    result = dict(feature)
    if "geometry" in change:
        result["geometry"] = change["geometry"]
    if change.get("properties"):
        properties = dict(feature.get("properties") or {})
        for key, value in change["properties"].items():
            if value is None:
                properties.pop(key, None)
            else:
                properties[key] = value
        result["properties"] = properties
    return result


def check_diff(
    collection: Mapping[str, Json],
    add: Sequence[Json],
    update: Sequence[Json],
    remove: Sequence[Json],
    *,
    promoted: bool = False,
) -> Diff:
    """Return the change completed: features regular, ids given and as the collection has them.

    `promoted` says that ids stand in PROMOTED already. Raises InvalidGeoJson, InvalidArgument for an
    id that is not there, IdTaken for one that is, LimitReached.
    """
    known = {feature["id"]: place for place, feature in enumerate(collection["features"])}
    added = _check_add(add, known)
    there = collection["features"]
    updated = [_check_update(change, f"update[{place}]", known, there) for place, change in enumerate(update)]
    removed = [find_id(value, f"remove[{place}]", known, there) for place, value in enumerate(remove)]
    both = {change["id"] for change in updated} & set(removed)
    if both:
        raise InvalidArgument(f"feature {shown(min(both, key=str))} is in update and in remove: give it once")
    if len(known) + len(added) > MAX_FEATURES:
        raise LimitReached(f"a layer holds at most {MAX_FEATURES:,} features: serve this data as tiles")
    promoted = promoted or any(not is_plain(feature["id"]) for feature in added)
    added = promote(added) if promoted else added
    return Diff(tuple(added), tuple(updated), tuple(dict.fromkeys(removed)), promoted)


def _check_add(add: Sequence[Json], known: Mapping[Json, int]) -> list[Feature]:
    features = [check_feature(value, f"add[{place}]")[0] for place, value in enumerate(add)]
    given: set[Json] = set()
    for place, feature in enumerate(features):
        name = feature.get("id")
        if name in known:
            raise IdTaken(f"add[{place}].id: the layer has a feature {shown(name)}: change it by update")
        if name in given:
            raise IdTaken(f"add[{place}].id: {shown(name)} comes twice in add")
        if name is not None:
            given.add(name)
    # Above all that there are, so that a removed feature's id is not soon another's.
    first = max((key for key in known if is_plain(key)), default=-1) + 1
    least = first if first + len(features) < SAFE else 0
    return fill_ids(features, known.keys() | given, repeat(least))


def _check_update(
    value: Json, path: str, known: Mapping[Json, int], features: Iterable[Mapping[str, Json]]
) -> dict[str, Json]:
    if type(value) is not dict or value.get("id") is None:
        raise InvalidArgument(f'{path}: expected {{"id", "geometry"?, "properties"?}}, not {shown(value)}')
    change: dict[str, Json] = {"id": find_id(value["id"], join(path, "id"), known, features)}
    if "geometry" in value:
        change["geometry"] = None
        if value["geometry"] is not None:
            change["geometry"] = check_geometry(value["geometry"], join(path, "geometry"))[0]
    properties = check_properties(value.get("properties"), join(path, "properties"))
    if properties:
        change["properties"] = properties
    if len(change) == 1:
        raise InvalidArgument(f"{path}: give the geometry or the properties that change")
    return change


def find_id(
    value: Json, path: str, known: Collection[Json], features: Iterable[Mapping[str, Json]] = ()
) -> Json:
    """Return the id as the collection has it; 5 finds "5" and "5" finds 5, as models mix them up.

    Raises InvalidArgument when there is none, with the id of the one of the features that is called so, else
    the nearest id, and the first that there are.
    """
    wanted = regular_id(value, path)
    if wanted in known:
        return wanted
    other = str(wanted)
    if isinstance(wanted, str):
        other_id = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 17 else None
        if other_id in known:
            return other_id
    elif other in known:
        return other
    called = other.casefold()
    named = next((one["id"] for one in features if str(name_of(one)).casefold() == called), None)
    hint = (
        f" It is the name of feature {shown(named)}."
        if named is not None
        else nearest(other, map(str, known))
    )
    first = ", ".join(map(shown, islice(known, MAX_IDS)))
    more = f" Its ids are {first}{', and more' if len(known) > MAX_IDS else ''}." if known else ""
    raise InvalidArgument(f"{path}: the layer has no feature {shown(wanted)}.{hint}{more}")


def name_of(feature: Mapping[str, Json]) -> str | int:
    """Return what a feature is called: its name, else its id."""
    properties = feature.get("properties") or {}
    name = next((properties[key] for key in NAMES if isinstance(properties.get(key), str)), "")
    if name.strip():
        return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
    found: str | int = feature["id"]
    return found
