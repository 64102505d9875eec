"""The structure of filters: an expression, and never the Style Spec's deprecated syntax.

The two look alike and MapLibre cannot join them under one `all`, so a deprecated filter is refused
with the expression that means the same.
"""

from __future__ import annotations

from mapsrv.core.expressions import expression_fault
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.json_text import shown

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
JOINS = frozenset({"all", "any", "none"})
_LONGEST = 2_000  # characters of a filter that a message translates
_EXAMPLE = '["==", ["get", "kind"], "lake"]'


def check_filter(value: Json, where: str = "filter") -> list[Json]:
    """Return the filter; raises InvalidArgument when it is surely none."""
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise InvalidArgument(f"{where} must be an expression like {_EXAMPLE}; got {shown(value)}.")
    if _holds_legacy(value):
        modern = shown(as_expression(value), _LONGEST)
        like = f": {modern}" if len(modern) <= _LONGEST else f" like {_EXAMPLE}."
        raise InvalidArgument(f"{where} is in the deprecated filter syntax; send an expression{like}")
    fault = expression_fault(value)
    if fault is not None:
        raise InvalidArgument(f"{where}: {fault} Example: {_EXAMPLE}")
    return value


def is_legacy(value: Json) -> bool:
    """Return whether MapLibre would read this filter, or part of a filter, as the deprecated syntax."""
    if not isinstance(value, list) or not value:
        return False
    head, size = value[0], len(value)
    if head == "has":
        return size < 2 or value[1] in ("$id", "$type")
    if head == "in":
        return size < 3 or (isinstance(value[1], str) and not isinstance(value[2], list))
    if isinstance(head, str) and head in COMPARISONS:
        return size == 3 and not isinstance(value[1], list) and not isinstance(value[2], list)
    return head in ("!in", "!has", "none")


def _holds_legacy(value: Json) -> bool:
    if is_legacy(value):
        return True
    return isinstance(value, list) and any(_holds_legacy(value[place]) for place in _filters_in(value))


def _filters_in(value: list[Json]) -> range:
    """Return the places of the parts that are filters themselves."""
    head = value[0] if value else None
    if head == "case":
        return range(1, len(value) - 1, 2)
    if head == "!":
        return range(1, min(2, len(value)))
    return range(1, len(value)) if isinstance(head, str) and head in JOINS else range(0)


def as_expression(value: Json) -> Json:
    """Return the expression that means what a deprecated filter means; what is an expression stays."""
    if not is_legacy(value):
        if not isinstance(value, list):
            return value
        places = set(_filters_in(value))
        return [as_expression(item) if place in places else item for place, item in enumerate(value)]
    head, *rest = value
    if head == "none":
        return ["!", ["any", *map(as_expression, rest)]]
    if not rest:
        return True  # a test of nothing
    if head in ("has", "!has"):
        present = _has(rest[0])
    elif head in ("in", "!in"):
        present = ["in", _property(rest[0]), ["literal", rest[1:]]]
    else:
        return [head, _property(rest[0]), rest[1]]
    return ["!", present] if head.startswith("!") else present


def _property(name: Json) -> list[Json]:
    special: dict[Json, list[Json]] = {"$type": ["geometry-type"], "$id": ["id"]}
    return special.get(name, ["get", name]) if isinstance(name, str) else ["get", shown(name)]


def _has(name: Json) -> list[Json]:
    if name in ("$id", "$type"):
        return ["!=", _property(name), None]
    return ["has", name]
