"""The structure of Style Spec expressions: what is surely wrong, without evaluating or typing anything.

MapLibre's own parser judges the rest, in the browser. Walks by a stack, since depth is the caller's.
"""

from __future__ import annotations

from mapsrv.core.state import Json
from mapsrv.core.style_names import OPERATORS
from mapsrv.core.suggest import nearest

MAX_NODES = 20_000  # of one expression; the longest hand-made match over all countries has some 500
INTERPOLATIONS = frozenset({"linear", "exponential", "cubic-bezier"})
INTERPOLATES = frozenset({"interpolate", "interpolate-hcl", "interpolate-lab"})
TAKE_OBJECTS = frozenset({"format", "collator", "number-format", "within", "distance"})


def is_expression(value: Json) -> bool:
    """Return whether MapLibre takes the value as an expression rather than a constant."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], str) and value[0] in OPERATORS


def expression_fault(value: Json) -> str | None:
    """Return what is surely wrong with an expression, as a sentence, or None."""
    stack, seen = [value], 0
    while stack:
        node = stack.pop()
        seen += 1
        if seen > MAX_NODES:
            return f"The expression has more than {MAX_NODES:,} parts; put the values into the data instead."
        if isinstance(node, list):
            fault = _head_fault(node)
            if fault is not None:
                return fault
            stack.extend(_arguments(node))
        elif isinstance(node, dict):
            return 'An object inside an expression must be written ["literal", {...}].'
    return None


def _head_fault(node: list[Json]) -> str | None:
    if not node:
        return 'An expression cannot be empty; an empty list is written ["literal", []].'
    head = node[0]
    if not isinstance(head, str):
        return (
            'An expression begins with the name of an operator, like ["get", "name"]; a plain list '
            'inside one is written ["literal", [...]].'
        )
    if head not in OPERATORS:
        return (
            f'"{head[:60]}" is no expression operator.{nearest(head, OPERATORS)} '
            'A plain list is written ["literal", [...]].'
        )
    return None


def _arguments(node: list[Json]) -> list[Json]:
    """Return what must be walked below an expression: its parts that are expressions themselves."""
    head, rest = node[0], node[1:]
    if head in ("literal", "semiliteral"):
        return []
    if head in INTERPOLATES:
        curve = rest[0] if rest else None
        known = isinstance(curve, list) and bool(curve) and curve[0] in INTERPOLATIONS
        return rest[1:] if known else rest
    if head == "match":  # its labels, every second one, may be plain lists
        return [part for place, part in enumerate(rest) if place % 2 == 0 or place == len(rest) - 1]
    if head in TAKE_OBJECTS:
        return [part for part in rest if not isinstance(part, dict)]
    return rest
