"""JSON Schemas of the tools' arguments, and the pieces that several are made of.

As published: no anyOf, oneOf or allOf at a root, every array with items, every property with a type or
an anyOf of typed branches. Some hosts refuse a whole tool list for one schema that is not so.
"""

from __future__ import annotations

from mapsrv.core.state import Json

Schema = dict[str, Json]
MAX_IDS = 1_000  # features that one view is fitted to


def text(description: str, **more: Json) -> Schema:
    """Return the schema of a text."""
    return {"type": "string", "description": description, **more}


def boolean(description: str, default: bool) -> Schema:
    """Return the schema of a truth value."""
    return {"type": "boolean", "default": default, "description": description}


def numbers(description: str, size: int) -> Schema:
    """Return the schema of a list of this many numbers."""
    number = {"type": "number"}
    return {"type": "array", "items": number, "minItems": size, "maxItems": size, "description": description}


def objects(description: str, item: Schema | None = None) -> Schema:
    """Return the schema of a list of objects, of any shape unless `item` says which."""
    return {"type": "array", "items": item or {"type": "object"}, "description": description}


def any_of(description: str, *types: str) -> Schema:
    """Return the schema of a value of one of these JSON types."""
    branches: list[Json] = [
        {"type": kind, "items": {}} if kind == "array" else {"type": kind} for kind in types
    ]
    return {"anyOf": branches, "description": description}


def ids(description: str, **more: Json) -> Schema:
    """Return the schema of a list of feature ids."""
    feature_id = {"anyOf": [{"type": "string"}, {"type": "number"}]}
    return {"type": "array", "items": feature_id, "description": description, **more}


SESSION = text("Which map: the session_id, or link, from an earlier result.")  # ten words, paid at each tool
LAYER = text("The id of a layer.")
LAYER_OR_STYLE_LAYER = text("The id of a layer, or of one of its style layers.")


def arguments(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return the schema of a tool's arguments: these, and which map."""
    return {
        "type": "object",
        "properties": {**properties, "session_id": SESSION},
        "required": list(required),
        "additionalProperties": False,
    }
