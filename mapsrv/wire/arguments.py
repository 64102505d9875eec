"""Arguments as hosts send them, made regular by one table, then checked against the call's schema.

Some hosts send arrays and objects as JSON text and numbers as strings. What a schema cannot walk in
time (features, style layers, expressions) is left to the call's own parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument, MalformedJson
from mapsrv.wire.json_text import check_value, loads, shown
from mapsrv.wire.tools.schema import MAX_IDS, Schema

# Names that were accepted once, or that models mix up: (what came, what is meant).
ALIASES = (
    ("id", "layer_id"),
    ("layer_id", "id"),
    ("style_layers", "layers"),
    ("before", "below"),
    ("map_id", "session_id"),
    ("map", "session_id"),
    ("session", "session_id"),
)
# Accepted besides the two published types of add_layer; all of them mean vector.
VECTOR_WORDS = ("geojson", "fill", "line", "circle", "symbol", "heatmap")
UNWALKED = frozenset({"source", "layers", "add", "update", "remove", "filter", "value", "properties"})

# Lists that may come as an object: {lng, lat}, {west, ...}, a FeatureCollection or a single feature.
OR_OBJECT = frozenset({"center", "bounds", "add", "update"})

_POINTS = (("lng", "lat"), ("lon", "lat"), ("longitude", "latitude"))
_CORNERS = ("west", "south", "east", "north")
_PYTHON: dict[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class Shape:
    """One call's schema with all that is prepared once: its check, and an example for its messages."""

    def __init__(self, name: str, schema: Schema, example: str) -> None:
        self.name, self.schema, self.example = name, schema, f"Example: {name} {example}"
        self._validator = Draft202012Validator(_walkable(schema))

    def regular(self, arguments: Json) -> dict[str, Json]:
        """Return the arguments under their printed names, each of a type that the schema allows."""
        check_value(arguments)
        if isinstance(arguments, str) and arguments.strip():
            arguments = _json_of(arguments)
        if arguments is None or arguments == "":
            arguments = {}
        if not isinstance(arguments, dict):
            self.refuse(f"the arguments must be an object; got {shown(arguments)}.")
        named = self._named(arguments)
        properties: Mapping[str, Schema] = self.schema["properties"]
        values = {key: _regular(key, item, properties[key]) for key, item in named.items()}
        # Hosts fill optional arguments with null: the same as leaving them out.
        values = {k: v for k, v in values.items() if v is not None or "null" in _types(properties[k])}
        self._check(values)
        return values

    def refuse(self, fault: str) -> None:
        """Raise InvalidArgument with the call's name before and its example behind."""
        raise InvalidArgument(f"{self.name}: {fault} {self.example}")

    def _named(self, arguments: dict[str, Json]) -> dict[str, Json]:
        named, properties = dict(arguments), self.schema["properties"]
        for alias, name in ALIASES:
            if alias in named and alias not in properties and name in properties:
                value = named.pop(alias)
                if name in named and named[name] != value:
                    self.refuse(f"{alias} and {name} mean the same, and differ here: send {name} only.")
                named[name] = value
        for key in named:
            if key not in properties:
                hint = f"{nearest(key, properties)} It takes: {', '.join(properties)}."
                self.refuse(f"there is no argument {shown(key)}.{hint}")
        return named

    def _check(self, values: dict[str, Json]) -> None:
        properties = self.schema["properties"]
        for key, item in values.items():
            most = properties[key].get("maxItems", MAX_IDS)
            if isinstance(item, list) and key not in UNWALKED and len(item) > most:
                self.refuse(f"{key} has {len(item):,} elements; {most:,} at most.")
        for key in self.schema["required"]:
            if key not in values:
                self.refuse(f"{key} is missing: {properties[key]['description']}")
        for error in self._validator.iter_errors(values):
            self.refuse(_told(error, properties))


def _walkable(schema: Schema) -> Schema:
    """Return the schema to check by: types alone of what may be large, and add_layer's other types."""
    properties: dict[str, Schema] = {}
    for key, item in schema["properties"].items():
        if key in UNWALKED:
            item = {"type": sorted(_types(item) | ({"object"} if key in OR_OBJECT else set()))}
        if key == "type":
            item = {**item, "enum": [*item["enum"], *VECTOR_WORDS]}
        properties[key] = item
    return {**schema, "properties": properties}


def _types(schema: Schema) -> set[str]:
    return {branch["type"] for branch in schema.get("anyOf", [schema]) if "type" in branch}


def _told(error: Any, properties: Mapping[str, Schema]) -> str:
    """Return one fault that the validator found as a sentence: what was expected, what came."""
    name, *rest = error.absolute_path
    where = name + "".join(f"[{part}]" for part in rest)
    if error.validator == "enum":
        words = ", ".join(f'"{word}"' for word in properties[name]["enum"])
        return (
            f"{where} must be one of {words}; got"
            f" {shown(error.instance)}.{nearest(str(error.instance), error.validator_value)}"
        )
    expected = {
        "type": lambda: f"must be of type {' or '.join(_listed(error.validator_value))}",
        "minimum": lambda: f"must be at least {error.validator_value}",
        "maximum": lambda: f"must be at most {error.validator_value}",
        "minItems": lambda: f"must have {error.validator_value} elements",
        "anyOf": lambda: "must be " + " or ".join(branch["type"] for branch in error.validator_value),
    }[error.validator]()
    hint = properties[name]["description"]
    return f"{where} {expected}; got {shown(error.instance)}. {where} is: {hint}"


def _listed(types: Json) -> list[str]:
    return [types] if isinstance(types, str) else list(types)


# --- the table of irregular forms ------------------------------------------------------


def _regular(key: str, value: Json, schema: Schema) -> Json:
    types = _types(schema) | ({"object"} if key in OR_OBJECT else set())
    if isinstance(value, str):
        value = _of_text(value, types)
    if key == "center" and isinstance(value, dict):
        value = _point(value) or value
    if key == "bounds":
        value = _box(value) or value
    if key in UNWALKED or not isinstance(value, list) or len(value) > MAX_IDS:
        return value
    return [_regular("", item, schema.get("items", {})) for item in value]


def _of_text(text: str, types: set[str]) -> Json:
    """Return what the text is the JSON of; where the schema takes text too, only of lists and objects."""
    plain = text.strip()
    containers = types & {"array", "object"}
    if not types or ("string" in types and not (containers and plain[:1] in ("[", "{"))):
        return text
    value = _json_of(plain.lower() if plain.lower() in ("true", "false", "null") else plain)
    right = any(isinstance(value, _PYTHON[kind]) for kind in types) and (
        "boolean" in types or not isinstance(value, bool)
    )
    return value if right and not isinstance(value, str) else text


def _json_of(text: str) -> Json:
    try:
        return loads(text.encode(errors="replace"))
    except MalformedJson:
        return text


def _point(value: Mapping[str, Json]) -> list[Json] | None:
    return next(([value[lng], value[lat]] for lng, lat in _POINTS if value.keys() == {lng, lat}), None)


def _box(value: Json) -> list[Json] | None:
    """Return the four numbers of [[w, s], [e, n]], of two {lng, lat}, or of {west, south, east, north}."""
    if isinstance(value, dict):
        return [value[name] for name in _CORNERS] if value.keys() == set(_CORNERS) else None
    if not isinstance(value, list) or len(value) != 2:
        return None
    corners = [_point(item) if isinstance(item, dict) else item for item in value]
    return (
        list(_flat(corners)) if all(isinstance(item, list) and len(item) == 2 for item in corners) else None
    )


def _flat(corners: list[Json]) -> Iterator[Json]:
    for corner in corners:
        yield from corner
