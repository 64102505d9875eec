"""Arguments as hosts send them, made regular as their tool says, then checked against its schema.

Some hosts send arrays and objects as JSON text and numbers as strings. What a schema cannot walk in
time (features, style layers, expressions) is left to the tool's own parser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument, MalformedJson
from mapsrv.wire.json_text import loads, shown
from mapsrv.wire.schema_check import TYPES, compiled
from mapsrv.wire.tools.schema import MAX_IDS, Schema
from mapsrv.wire.tools.tool import Tool

# What models call the arguments that tools share: (what came, what is meant).
ALIASES = (
    ("id", "layer_id"),
    ("map_id", "session_id"),
    ("map", "session_id"),
    ("session", "session_id"),
)
MAP_NAMES = ("session_id", *(alias for alias, name in ALIASES if name == "session_id"))


class Shape:
    """One tool's schema with all that is prepared once: its check, and an example for its messages."""

    def __init__(self, tool: Tool) -> None:
        self._tool, self._schema = tool, tool.schema
        self._aliases = (*ALIASES, *tool.aliases.items())
        checked = walkable(tool)
        self._valid, self._validator = compiled(checked), Draft202012Validator(checked)

    def regular(self, arguments: Json) -> dict[str, Json]:
        """Return the arguments under their printed names, each of a type that the schema allows."""
        if isinstance(arguments, str) and arguments.strip():
            arguments = _json_of(arguments)
        if arguments is None or arguments == "":
            arguments = {}
        if not isinstance(arguments, dict):
            self.refuse(f"the arguments must be an object; got {shown(arguments)}.")
        named = self._named(arguments)
        properties: Mapping[str, Schema] = self._schema["properties"]
        values = {key: _argument(self._tool, key, item) for key, item in named.items()}
        # Hosts fill optional arguments with null: the same as leaving them out.
        values = {k: v for k, v in values.items() if v is not None or "null" in _types(properties[k])}
        self._check(values)
        return values

    def refuse(self, fault: str) -> None:
        """Raise InvalidArgument with the call's name before and its example behind."""
        name, example = self._tool.name, self._tool.example_text
        raise InvalidArgument(f"{name}: {fault} Example: {name} {example}")

    def _named(self, arguments: dict[str, Json]) -> dict[str, Json]:
        named, properties = dict(arguments), self._schema["properties"]
        for alias, name in self._aliases:
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
        properties = self._schema["properties"]
        for key, item in values.items():
            most = properties[key].get("maxItems", MAX_IDS)
            if isinstance(item, list) and key not in self._tool.unwalked and len(item) > most:
                self.refuse(f"{key} has {len(item):,} elements; {most:,} at most.")
        for key in self._schema["required"]:
            if key not in values:
                self.refuse(f"{key} is missing: {properties[key]['description']}")
        if not self._valid(values):
            self.refuse(_told(next(self._validator.iter_errors(values)), properties, self._tool.instead))


def walkable(tool: Tool) -> Schema:
    """Return the schema to check by: types alone of what may be large, and all words that are accepted."""
    properties: dict[str, Schema] = {}
    for key, item in tool.schema["properties"].items():
        if key in tool.unwalked:
            item = {"type": sorted(_accepted(tool, key))}
        if key in tool.words:
            item = {**item, "enum": [*item["enum"], *tool.words[key]]}
        properties[key] = item
    return {**tool.schema, "properties": properties}


def _accepted(tool: Tool, key: str) -> set[str]:
    """Return the types in which an argument may come."""
    return _types(tool.schema["properties"][key]) | ({"object"} if key in tool.forms else set())


def _types(schema: Schema) -> set[str]:
    return {branch["type"] for branch in schema.get("anyOf", [schema]) if "type" in branch}


def _told(error: Any, properties: Mapping[str, Schema], instead: Mapping[str, str]) -> str:
    """Return one fault that the validator found as a sentence: what was expected, what came."""
    name, *rest = error.absolute_path
    where = name + "".join(f"[{part}]" for part in rest)
    if error.validator == "enum":
        words = ", ".join(f'"{word}"' for word in properties[name]["enum"])
        other = f" {instead[name]}" if name in instead else ""
        return (
            f"{where} must be one of {words}; got"
            f" {shown(error.instance)}.{nearest(str(error.instance), error.validator_value)}{other}"
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


# --- irregular forms --------------------------------------------------------------------


def _argument(tool: Tool, key: str, value: Json) -> Json:
    """Return an argument in its regular form."""
    if isinstance(value, str):
        value = _of_text(value, _accepted(tool, key))
    if key in tool.forms:
        value = tool.forms[key](value)
    return value if key in tool.unwalked else _elements(value, tool.schema["properties"][key])


def _elements(value: Json, schema: Schema) -> Json:
    """Return a list with its elements in their regular form; what is too long or none as it is."""
    if not isinstance(value, list) or len(value) > MAX_IDS:
        return value
    of = schema.get("items", {})
    read = [_of_text(item, _types(of)) if isinstance(item, str) else item for item in value]
    return [_elements(item, of) for item in read]


def _of_text(text: str, types: set[str]) -> Json:
    """Return what the text is the JSON of; where the schema takes text too, only of lists and objects."""
    plain = text.strip()
    containers = types & {"array", "object"}
    if not types or ("string" in types and not (containers and plain[:1] in ("[", "{"))):
        return text
    value = _json_of(plain.lower() if plain.lower() in ("true", "false", "null") else plain)
    right = any(isinstance(value, TYPES[kind]) for kind in types) and (
        "boolean" in types or not isinstance(value, bool)
    )
    return value if right and not isinstance(value, str) else text


def _json_of(text: str) -> Json:
    try:
        return loads(text.encode(errors="replace"))
    except MalformedJson:
        return text
