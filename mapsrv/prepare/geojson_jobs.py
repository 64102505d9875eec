"""GeoJSON from bytes to bytes: what runs in a worker process, or on the loop for small data.

Every function takes JSON as UTF-8 bytes, gives bytes and small values, and raises MapsrvErrors only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import chain, islice
from typing import NoReturn, ParamSpec, TypeVar

from mapsrv.core import sampling
from mapsrv.core.bounds import Bounds, bounds_of
from mapsrv.core.covering import covered
from mapsrv.core.data_summary import Summary, summary
from mapsrv.core.features import Diff, apply_diff, check_diff, find_id, name_of
from mapsrv.core.foreign import HEAD, kind_of
from mapsrv.core.geojson import collection_of, normalise, promote
from mapsrv.core.geometry import shown
from mapsrv.core.geometry_faults import oddities
from mapsrv.core.ops import FeatureId
from mapsrv.core.state import PROMOTED, Json
from mapsrv.errors import InvalidArgument, InvalidGeoJson

MAX_SAMPLE = 4 * 1024 * 1024  # bytes of a sample's rows: what the engine reads in 0.1 s
MAX_UPDATED = 5  # features of a change that its author is told: which they are, and that they are those

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Regular:
    """A regular document: its compact JSON, the name of a blob of these bytes, and its Summary."""

    body: bytes
    name: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Merged:
    """A document after a change. `diff` is the completed change as JSON.

    `promoted_now`: ids have just become promoted, so every feature is changed and the source must say so.
    `updated`: some that were changed, as they were called before, then of those that were removed and added.
    """

    regular: Regular
    diff: bytes
    promoted_now: bool
    updated: tuple[FeatureId, ...] = ()
    faults: tuple[str, ...] = ()  # of the geometries that were sent


class _NotJson(ValueError):
    """What json.loads would let pass, and is said in words of ours."""


def _total(call: Callable[P, T]) -> Callable[P, T]:
    """Make what Python raises on bad JSON a refusal: too deep, lone surrogates, integers of 5,000 digits."""

    @wraps(call)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except RecursionError:
            raise InvalidGeoJson("The JSON nests too deep.") from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InvalidGeoJson(_no_json(error)) from None
        except UnicodeEncodeError:
            raise InvalidGeoJson(
                "A text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character."
            ) from None
        except ValueError as error:
            said = "A number has thousands of digits."
            if isinstance(error, _NotJson):
                said = str(error)
            elif "Out of range float" in str(error):
                said = "NaN and infinity are not JSON. Leave the value out, or send null."
            raise InvalidGeoJson(said) from None

    return checked


def _no_json(error: json.JSONDecodeError | UnicodeDecodeError) -> str:
    what = kind_of(error.object if isinstance(error, UnicodeDecodeError) else error.doc[:HEAD].encode())
    if what:
        return f"This is {what}, no GeoJSON. Convert it, and send GeoJSON."
    if isinstance(error, UnicodeDecodeError):
        return f"GeoJSON is UTF-8 text; byte {error.start} is not. Send it as UTF-8, not compressed."
    return f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}. Send GeoJSON."


def parse(body: bytes) -> Json:
    """Return the value of JSON in UTF-8, with a byte order mark or not. Raises ValueError, RecursionError."""
    return json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not JSON; leave the value out, or send null.")


def dump(value: Json) -> bytes:
    """Return the value as compact UTF-8 JSON. Raises ValueError, RecursionError."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _regular(collection: Json) -> Regular:
    body = dump(collection)
    return Regular(body, hashlib.sha256(body).hexdigest(), summary(collection))


@_total
def dumped(value: Json) -> bytes:
    """Return the value as compact JSON."""
    return dump(value)


@_total
def regular(body: bytes) -> Regular:
    """Return any GeoJSON made regular."""
    return _regular(normalise(parse(body)).collection)


@_total
def summarised(body: bytes) -> Summary:
    """Return the Summary of a regular document."""
    return summary(parse(body))


@_total
def merged(base: bytes, change: bytes, promote_id: Json) -> Merged:
    """Return the regular document `base` after {"add"?, "update"?, "remove"?}.

    `promote_id` is the source's promoteId: None where it can still be made to promote ids.
    """
    collection, lists = parse(base), _lists(parse(change))
    features = collection["features"]
    before = promote_id == PROMOTED or any(PROMOTED in feature["properties"] for feature in features)
    diff = check_diff(collection, *lists, promoted=before)
    after = apply_diff(collection, diff.add, diff.update, diff.remove)
    promoted_now = diff.promoted and not before and promote_id is None
    if promoted_now:
        after = collection_of(promote(after["features"]))
    return Merged(_regular(after), dump(diff.to_json()), promoted_now, _called(features, diff), _faults(diff))


def _faults(diff: Diff) -> tuple[str, ...]:
    sent = [{"properties": {}, **change} for change in diff.update if change.get("geometry") is not None]
    return oddities([*diff.add, *sent]).faults


def _called(features: Sequence[Json], diff: Diff) -> tuple[FeatureId, ...]:
    """Return what some features of the diff are called: a wrong id shows by another's name."""
    wanted = list(islice(chain((change["id"] for change in diff.update), diff.remove), MAX_UPDATED))
    known = {feature["id"]: feature for feature in features if feature["id"] in wanted}
    told = [known[one] for one in wanted]
    return tuple(name_of(feature) for feature in (*told, *diff.add)[:MAX_UPDATED])


def _lists(change: Json) -> list[Sequence[Json]]:
    if type(change) is not dict:
        raise InvalidArgument(f'expected an object {{"add", "update", "remove"}}, not {shown(change)}')
    lists = [change.get(key) or [] for key in ("add", "update", "remove")]
    for key, items in zip(("add", "update", "remove"), lists, strict=True):
        if type(items) is not list:
            raise InvalidArgument(f"{key}: expected an array, not {shown(items)}")
    if not any(lists):
        raise InvalidArgument("Give the features to add, to update or to remove.")
    return lists


@_total
def sampled(body: bytes) -> tuple[bytes, int, int]:
    """Return rows of a regular document's features as JSON, how many they are, and of how many."""
    collection = parse(body)
    rows = sampling.rows(collection)
    written, count = b"", len(rows)
    while len(written := dump(rows[:count])) > MAX_SAMPLE and count > 1:
        count //= 2
    return written, count, len(collection["features"])


@_total
def bounds_of_features(body: bytes, feature_ids: Sequence[FeatureId]) -> Bounds | None:
    """Return the bounds of these features of a regular document, or None when they have no geometry."""
    features = parse(body)["features"]
    geometries = {feature["id"]: feature["geometry"] for feature in features}
    asked = enumerate(feature_ids)
    found = [find_id(value, f"feature_ids[{place}]", geometries, features) for place, value in asked]
    return bounds_of(geometries[feature_id] for feature_id in found)


@_total
def holds_box(body: bytes, box: Bounds) -> bool:
    """Return whether one area of a regular document holds all of the box."""
    return covered(parse(body), box)
