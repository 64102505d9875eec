"""What the Style Spec says of a layer type's properties: which there are, and what is surely no value.

The one place that judges constants. Expressions are checked for structure only; MapLibre judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from mapsrv.core.css_color import is_color
from mapsrv.core.expressions import expression_fault, is_expression
from mapsrv.core.state import Json
from mapsrv.core.style_names import LAYOUT, PAINT, Property
from mapsrv.core.suggest import nearest as nearest_of

LAYER_TYPES = tuple(PAINT)  # a person's layers; `background` belongs to the basemap
COMMON = ("opacity", "minzoom", "maxzoom")  # what set_layer_paint takes besides
TRANSITION = "-transition"
_EVERY_NAME = tuple(
    dict.fromkeys(name for group in (PAINT, LAYOUT) for names in group.values() for name in names)
)


def is_paint(kind: str, name: str) -> bool:
    """Return whether a style layer of that type has that paint property, or it is one's transition."""
    return name.removesuffix(TRANSITION) in PAINT.get(kind, ())


def is_layout(kind: str, name: str) -> bool:
    """Return whether a style layer of that type has that layout property."""
    return name in LAYOUT.get(kind, ())


def properties_for(kind: str) -> tuple[str, ...]:
    """Return the names of the paint, then the layout properties of that type."""
    return (*PAINT.get(kind, ()), *LAYOUT.get(kind, ()))


def types_with(name: str) -> tuple[str, ...]:
    """Return the layer types that have that paint or layout property."""
    return tuple(kind for kind in LAYER_TYPES if is_paint(kind, name) or is_layout(kind, name))


def opacity_properties(kind: str) -> tuple[str, ...]:
    """Return the paint properties that `opacity` stands for."""
    if kind == "symbol":
        return ("icon-opacity", "text-opacity")
    return tuple(name for name in (f"{kind}-opacity",) if is_paint(kind, name))


def nearest(name: str, kinds: Iterable[str] | None = None) -> str:
    """Return ' Did you mean "x"?' for the property of these types (of all) most like `name`, or ''."""
    names = _EVERY_NAME if kinds is None else [name for kind in kinds for name in properties_for(kind)]
    plain = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name[:100].strip())
    plain = plain.replace(" ", "-").replace("_", "-").replace("--", "-").strip("-").replace("colour", "color")
    ending = [known for known in names if known.endswith(f"-{plain}")]
    return nearest_of(ending[0] if ending and plain not in names else plain, (*names, *COMMON))


def check_constant(kind: str, name: str, value: Json) -> str | None:
    """Return what is surely wrong with a value of a property that the type has, as a sentence, or None."""
    if name.endswith(TRANSITION):
        return _transition_fault(name, value)
    known = PAINT[kind].get(name) or LAYOUT[kind][name]
    return _value_fault(name, known, value)


def _value_fault(name: str, known: Property, value: Json) -> str | None:
    if isinstance(value, dict):
        return _function_fault(name, known, value)
    if is_expression(value) or (known.kind in _NO_LISTS and isinstance(value, list)):
        fault = expression_fault(value)
        return None if fault is None else f"{name}: {fault}"
    expected = _CHECKS[known.kind](known, value)
    return None if expected is None else f"{name} must be {expected}, or an expression; got {_shown(value)}."


def _function_fault(name: str, known: Property, value: dict[str, Json]) -> str | None:
    """Judge a function, the deprecated form of an expression: {"stops": [[zoom, value], ...]}."""
    if value.get("type") == "identity" and isinstance(value.get("property"), str):
        return None
    stops = value.get("stops")
    if not isinstance(stops, list) or not stops:
        return f'{name} must be a constant or an expression like ["get", "size"]; got {_shown(value)}.'
    for stop in stops:
        if not isinstance(stop, list) or len(stop) != 2:
            return f"{name}: each of its stops must be [input, value]; got {_shown(stop)}."
        expected = _CHECKS[known.kind](known, stop[1])
        if expected is not None:
            return f"{name}: the value of each of its stops must be {expected}; got {_shown(stop[1])}."
    return None


def _transition_fault(name: str, value: Json) -> str | None:
    known = isinstance(value, dict) and value.keys() <= {"duration", "delay"}
    if known and all(_is_number(item) and item >= 0 for item in value.values()):
        return None
    return f'{name} must be {{"duration": ..., "delay": ...}} in milliseconds; got {_shown(value)}.'


def _shown(value: Json) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:80] + "…"


# --- one check a kind: what was expected, when the value is not that -----------------


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(known: Property, value: Json) -> str | None:
    low = float("-inf") if known.low is None else known.low
    high = float("inf") if known.high is None else known.high
    if _is_number(value) and low <= value <= high:
        return None
    if known.low is None:
        return "a number"
    return f"a number from {low:g} to {high:g}" if known.high is not None else f"a number of at least {low:g}"


def _boolean(known: Property, value: Json) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _text(known: Property, value: Json) -> str | None:
    return None if isinstance(value, str) else "a text"


def _color(known: Property, value: Json) -> str | None:
    if isinstance(value, str) and is_color(value):
        return None
    return 'a colour like "#2f6fde", "rgba(47, 111, 222, 0.5)" or "steelblue"'


def _enum(known: Property, value: Json) -> str | None:
    return None if value in known.values else "one of " + ", ".join(f'"{word}"' for word in known.values)


def _array(known: Property, value: Json) -> str | None:
    numbers = isinstance(value, list) and all(map(_is_number, value))
    if numbers and (known.length is None or len(value) == known.length):
        return None
    return f"a list of {known.length} numbers" if known.length else "a list of numbers"


def _padding(known: Property, value: Json) -> str | None:
    numbers = isinstance(value, list) and 1 <= len(value) <= 4 and all(map(_is_number, value))
    return None if numbers or _is_number(value) else "a number or a list of 1 to 4 numbers"


def _offsets(known: Property, value: Json) -> str | None:
    if isinstance(value, list) and value and len(value) % 2 == 0:
        pairs = list(pairwise(value))[::2]
        pair = Property("array", length=2)
        if all(isinstance(anchor, str) and _array(pair, offset) is None for anchor, offset in pairs):
            return None
    return 'a list like ["top", [0, 4], "left", [3, 0]]'


def _one_or_many(check: Callable[[Property, Json], str | None]) -> Callable[[Property, Json], str | None]:
    def judge(known: Property, value: Json) -> str | None:
        items = value if isinstance(value, list) and value else [value]
        return next((fault for item in items if (fault := check(known, item)) is not None), None)

    return judge


def _list_of(check: Callable[[Property, Json], str | None]) -> Callable[[Property, Json], str | None]:
    def judge(known: Property, value: Json) -> str | None:
        items = value if isinstance(value, list) else [None]
        fault = next((fault for item in items if (fault := check(known, item)) is not None), None)
        return None if fault is None else f"a list, each of it {fault}"

    return judge


_CHECKS: dict[str, Callable[[Property, Json], str | None]] = {
    "number": _number,
    "numbers": _one_or_many(_number),
    "boolean": _boolean,
    "text": _text,
    "color": _color,
    "colors": _one_or_many(_color),
    "enum": _enum,
    "enums": _list_of(_enum),
    "strings": _list_of(_text),
    "array": _array,
    "padding": _padding,
    "offsets": _offsets,
}
_NO_LISTS = frozenset(
    {"number", "boolean", "text", "color", "enum"}
)  # a list there can only be an expression
