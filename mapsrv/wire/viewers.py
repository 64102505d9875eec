"""What a tab says of itself, and what others are told of it: checked, rounded and cut, here alone.

A presence frame goes to all who have a map open, twice a second, and any of them may say anything. So
what each may add is bounded, and so is the frame, from which whole viewers are left out at the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire import codec

MAX_SHOWN = 50  # viewers in a frame; `count` counts all
MAX_BODY = 16 * 1024 - 64  # bytes of JSON: with "event: presence" before it a frame has 16 KiB at most
MAX_SAID = 4096  # bytes of JSON: of `pointing`, as a page sends it
MAX_POINTING = 300  # characters of JSON of it that others are told
MAX_TEXT = 60  # characters of a feature's property in it, where not all fits
DECIMALS = 5  # of a degree: a metre on the ground
MAX_LNG = 3600.0  # degrees: a page that shows the world several times over goes past 180
MAX_ELEMENT = 2048  # bytes of a viewer: a name, places, and `pointing` of four bytes a character

# [lowest, highest] of what a viewport holds, in degrees or zoom levels; MapLibre's own limits.
RANGES = {"zoom": (-2.0, 30.0), "bearing": (-3600.0, 3600.0), "pitch": (0.0, 180.0)}
LNG, LAT = (-MAX_LNG, MAX_LNG), (-90.0, 90.0)
POINTS = {"center": (LNG, LAT), "bounds": (LNG, LAT, LNG, LAT)}


# --- what a tab says ----------------------------------------------------------------


def viewport(value: Json) -> Json:
    """Return what a tab shows of the map, without what is unknown. Raises InvalidArgument."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidArgument('viewport: expected an object, such as {"center": [13.4, 52.5], "zoom": 9}.')
    kept: dict[str, Json] = {}
    for name, ranges in POINTS.items():
        if name in value:
            kept[name] = _numbers(f"viewport.{name}", value[name], ranges)
    for name, range_ in RANGES.items():
        if name in value:
            kept[name] = _numbers(f"viewport.{name}", [value[name]], (range_,))[0]
    return kept


def _numbers(name: str, value: Json, ranges: tuple[tuple[float, float], ...]) -> list[Json]:
    if not isinstance(value, list) or len(value) != len(ranges):
        raise InvalidArgument(f"{name}: expected {len(ranges)} numbers.")
    for number, (low, high) in zip(value, ranges, strict=True):
        right_type = isinstance(number, (int, float)) and not isinstance(number, bool)
        if not right_type or not math.isfinite(number) or not low <= number <= high:
            raise InvalidArgument(f"{name}: expected numbers from {low:g} to {high:g}.")
    return [_rounded(number) for number in value]


def cursor(value: Json) -> Json:
    """Return where a tab's pointer was last, [lng, lat]. Raises InvalidArgument."""
    return None if value is None else _numbers("cursor", value, (LNG, LAT))


def pointing(value: Json) -> Json:
    """Return what a tab points at, cut to MAX_POINTING. Raises InvalidArgument."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidArgument("pointing: expected an object, or null.")
    if len(codec.dumps(value)) > MAX_SAID:
        raise InvalidArgument(f"pointing: expected at most {MAX_SAID} bytes of JSON.")
    rounded: dict[str, Json] = {key: _rounded(item) for key, item in value.items()}
    return rounded if _length(rounded) <= MAX_POINTING else _fitting(rounded, MAX_POINTING)


def _rounded(value: Json) -> Json:
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


def _fitting(members: Mapping[str, Json], room: int) -> dict[str, Json]:
    """Return the members, in order, that fit in so many characters of JSON; of objects what fits of them."""
    kept: dict[str, Json] = {}
    room -= len("{}")
    for key, item in members.items():
        left = room - _length(key) - len(":,")
        if isinstance(item, dict) and left > 0:
            item = _fitting({name: _short(inner) for name, inner in item.items()}, left)
        if left > 0 and (size := _length(item)) <= left:
            kept[key] = item
            room = left - size
    return kept


def _short(value: Json) -> Json:
    """Return a property's value, cut where it is a long text; ids stand elsewhere, and are whole or not."""
    return value[: MAX_TEXT - 1] + "…" if isinstance(value, str) and len(value) > MAX_TEXT else value


def _length(value: Json) -> int:
    return len(codec.dumps(value).decode())


# --- what others are told -------------------------------------------------------------


def element(id: str, name: str, kind: str, told: Mapping[str, Json]) -> bytes:
    """Return a presence element of what was read above, as far as it is known.

    With `author`, the id that the tab's changes bear, a page knows which are its own and whose others are.
    """
    value: dict[str, Json] = {"id": id, "name": name, "kind": kind}
    return codec.dumps(value | {key: item for key, item in told.items() if item is not None})


def element_again(value: Json) -> bytes | None:
    """Return a presence element that another process made; None for what none of this release makes."""
    try:
        encoded = codec.dumps(value) if isinstance(value, dict) else b""
    except (ValueError, RecursionError):  # beyond a double, or deeper than any tab's words
        return None
    return encoded if 0 < len(encoded) <= MAX_ELEMENT else None


def presence(head: Mapping[str, Json], elements: Iterable[bytes]) -> bytes:
    """Return the head with `viewers`: whole elements from the first on, MAX_SHOWN and MAX_BODY at most."""
    begun = codec.dumps(dict(head))[:-1] + b',"viewers":['
    room, fitting = MAX_BODY - len(begun) - len("]}") + len(","), []  # before the first there is none
    for encoded in islice(elements, MAX_SHOWN):
        room -= len(encoded) + len(",")
        if room < 0:
            break
        fitting.append(encoded)
    return begun + b",".join(fitting) + b"]}"
