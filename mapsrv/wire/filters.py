"""The structure of filters and other values of a style, before anything judges them: their kind and size.

What they mean is MapLibre's to say (mapsrv/style_spec). Walks by a stack, and no further than the bound.
"""

from __future__ import annotations

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument, LimitReached
from mapsrv.wire.json_text import shown

MAX_PARTS = 20_000  # of one value; the longest hand-made match over all countries has some 500
MAX_CHARACTERS = 64 * 1024  # of all texts in one value; a layer's whole style may have as much
_EXAMPLE = '["==", ["get", "kind"], "lake"]'


def check_filter(value: Json, where: str = "filter") -> list[Json]:
    """Return the filter; raises InvalidArgument when it is no list that begins with an operator's name."""
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise InvalidArgument(f"{where} must be an expression like {_EXAMPLE}; got {shown(value)}.")
    check_size(value, where)
    return value


def check_size(value: Json, where: str) -> None:
    """Raise LimitReached for a value of too many parts, or too much text."""
    stack, parts, characters = [value], 0, 0
    while stack:
        node = stack.pop()
        parts += 1
        if isinstance(node, str):
            characters += len(node)
        elif isinstance(node, list):
            parts += len(node) if len(node) > MAX_PARTS else 0
            stack.extend(node[:MAX_PARTS])
        elif isinstance(node, dict):
            characters += sum(map(len, node))
            stack.extend(node.values())
        if parts > MAX_PARTS or characters > MAX_CHARACTERS:
            raise LimitReached(
                f"{where}: a value has at most {MAX_PARTS:,} parts and {MAX_CHARACTERS:,} characters of text."
                " Put what is different for each feature into the data instead."
            )
