"""JSON Schema, made into functions: whether a value is valid, in a fraction of what walking the schema costs.

It knows the words that our schemas use, and refuses to be made of any other, so that none is passed over.
Why a value is not valid is asked of jsonschema, which finds words for it; tests hold the two together.
Values are JSON as json_text lets it pass: of JSON's own types, no subclasses, numbers finite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from mapsrv.core.state import Json

Schema: TypeAlias = Mapping[str, Json]
Check: TypeAlias = Callable[[Json], bool]

TYPES: Mapping[str, tuple[type[object], ...]] = {
    "string": (str,),
    "number": (int, float),  # type() of a truth value is neither
    "integer": (int,),  # and 10.0, which is one in JSON Schema
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_NUMBERS = TYPES["number"]
_SAID_BY_OTHERS = {"required", "additionalProperties"}  # words that are read with "properties"
_NOTES = {"description", "default"}


def compiled(schema: Schema) -> Check:
    """Return a function that tells whether a value is valid; raises ValueError for a word that it lacks."""
    strange = schema.keys() - _WORDS.keys() - _SAID_BY_OTHERS - _NOTES
    if strange or (_SAID_BY_OTHERS & schema.keys() and "properties" not in schema):
        raise ValueError(f"a schema with {strange or _SAID_BY_OTHERS & schema.keys()}")
    checks = tuple(make(schema) for word, make in _WORDS.items() if word in schema)
    if len(checks) == 1:
        return checks[0]
    return lambda value: all([check(value) for check in checks])


def _type(schema: Schema) -> Check:
    named = schema["type"]
    names = [named] if isinstance(named, str) else named
    kinds = frozenset(kind for name in names for kind in TYPES[name])
    if "integer" in names and float not in kinds:
        return lambda value: type(value) in kinds or (type(value) is float and value.is_integer())
    return lambda value: type(value) in kinds


def _any_of(schema: Schema) -> Check:
    branches = tuple(map(compiled, schema["anyOf"]))
    return lambda value: any(branch(value) for branch in branches)


def _enum(schema: Schema) -> Check:
    words = schema["enum"]
    if not all(isinstance(word, str) for word in words):
        raise ValueError("an enum of more than words")  # 1 and true are equal here, and not in a schema
    return lambda value: value in words


def _minimum(schema: Schema) -> Check:
    least = schema["minimum"]
    return lambda value: type(value) not in _NUMBERS or value >= least


def _maximum(schema: Schema) -> Check:
    most = schema["maximum"]
    return lambda value: type(value) not in _NUMBERS or value <= most


def _min_items(schema: Schema) -> Check:
    least = schema["minItems"]
    return lambda value: type(value) is not list or len(value) >= least


def _max_items(schema: Schema) -> Check:
    most = schema["maxItems"]
    return lambda value: type(value) is not list or len(value) <= most


def _items(schema: Schema) -> Check:
    if not schema["items"]:
        return lambda value: True
    check = compiled(schema["items"])
    return lambda value: type(value) is not list or all(map(check, value))


def _properties(schema: Schema) -> Check:
    fields = {name: compiled(item) for name, item in schema["properties"].items()}
    required, closed = schema.get("required", ()), schema.get("additionalProperties", True) is False
    if "additionalProperties" in schema and not closed:
        raise ValueError("additionalProperties that are checked")

    def check(value: Json) -> bool:
        if type(value) is not dict:
            return True
        for name, item in value.items():
            field = fields.get(name)
            if closed if field is None else not field(item):
                return False
        return all([name in value for name in required])

    return check


_WORDS: Mapping[str, Callable[[Schema], Check]] = {
    "type": _type,
    "anyOf": _any_of,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "minItems": _min_items,
    "maxItems": _max_items,
    "items": _items,
    "properties": _properties,
}
