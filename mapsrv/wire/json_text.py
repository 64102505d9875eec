"""JSON text from outside to values, strictly: RFC 8259 in UTF-8, finite numbers, bounded nesting.

Whatever passes here can be encoded again, walked by recursion, and compared. JSON of our own, compact
and back, is codec.py's dumps and loads.
"""

from __future__ import annotations

import json
import math
from typing import NoReturn

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument, MalformedJson
from mapsrv.wire import fast_json

MAX_DEPTH = 64  # levels; a GeoJSON geometry in a collection in a call needs a dozen
_BLOCK = 128  # characters; a run of 309 digits, too many for a double, fills an aligned block of 128
_CUT = 80  # characters of a value that a message repeats
_CONTAINERS = frozenset({dict, list})
_NUMBERS = frozenset({int, float})
_JSON_TYPES = _CONTAINERS | _NUMBERS | {str, bool, type(None)}
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def loads(body: bytes, *, max_depth: int = MAX_DEPTH) -> Json:
    """Return the value; raises MalformedJson, never RecursionError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"JSON is UTF-8 text; byte {error.start} is not.") from None
    value, strictly = _parse(text)
    if strictly and text.count("{") + text.count("[") <= max_depth:
        return value  # which is too flat to nest too deep
    fault = value_fault(value, max_depth)
    if fault is not None:
        raise MalformedJson(fault)
    return value


def _parse(text: str) -> tuple[Json, bool]:
    """Return the value, and whether what read it takes finite numbers and whole characters alone."""
    try:
        if any(text[at : at + _BLOCK].isdigit() for at in range(0, len(text), _BLOCK)):
            return json.loads(text, parse_constant=_refuse_constant, parse_int=_bounded_int), False
        try:
            return fast_json.decode(text), True
        except fast_json.AskJson:  # it says why it is none; value_fault() says what is wrong with half a pair
            return json.loads(text, parse_constant=_refuse_constant), False
    except json.JSONDecodeError as error:
        raise MalformedJson(
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise MalformedJson(f"JSON may nest {MAX_DEPTH} levels deep at most.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON; leave the value out, or send null.")


def _bounded_int(text: str) -> int:
    if len(text) > 310:  # int() is quadratic, and refuses 4,300 digits with an error of its own
        raise MalformedJson(f"A number of {len(text):,} digits is more than a double holds.")
    return int(text)


def check_value(value: Json) -> None:
    """Raise InvalidArgument unless the value, parsed by somebody else, is JSON as loads would give it."""
    fault = value_fault(value, MAX_DEPTH)
    if fault is not None:
        raise InvalidArgument(fault)


def value_fault(value: Json, max_depth: int) -> str | None:
    """Return what is wrong with a parsed value, as a sentence, or None. Walks level by level."""
    fault, level = _level_fault([value])
    for _ in range(max_depth):
        if fault is not None or not level:
            return fault
        below: list[Json] = []
        for node in level:
            if type(node) is dict:
                if node.keys() and set(map(type, node)) != {str}:
                    return "An object's keys must be strings."
                below.extend(node)
                below.extend(node.values())
            else:
                below.extend(node)
        fault, level = _level_fault(below)
    return fault or (f"JSON may nest {max_depth} levels deep at most." if level else None)


def _level_fault(values: list[Json]) -> tuple[str | None, list[Json]]:
    """Return what is wrong with these values themselves, and the containers among them.

    Each pass is one loop in C: on 256 KiB of numbers a loop in Python would hold the event loop too long.
    """
    kinds = set(map(type, values))
    strange = kinds - _JSON_TYPES
    if strange:
        return f"{strange.pop().__name__} is no JSON type.", []
    if str in kinds and not _encodes("".join([value for value in values if type(value) is str])):
        return "A text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character.", []
    if kinds & _NUMBERS and not _finite([value for value in values if type(value) in _NUMBERS]):
        return "A number is not finite or is more than a double holds.", []
    if kinds & _CONTAINERS:
        return None, [value for value in values if type(value) in _CONTAINERS]
    return None, []


def _encodes(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _finite(numbers: list[Json]) -> bool:
    try:
        return all(map(math.isfinite, numbers))
    except OverflowError:  # an int beyond the largest double
        return False


def printed(value: Json) -> str:
    """Return the value as JSON for models and people to read: with spaces, in its own letters."""
    return _ENCODER.encode(value)


def shown(value: Json, limit: int = _CUT) -> str:
    """Return the value as a message repeats it: JSON, cut, and no more of it encoded than that."""
    text = ""
    for chunk in _ENCODER.iterencode(value[: limit + 1] if isinstance(value, str) else value):
        text += chunk
        if len(text) > limit:
            return text[:limit] + "…"
    return text
