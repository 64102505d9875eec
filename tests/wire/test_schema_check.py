"""A compiled schema accepts exactly what jsonschema's own validator accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mapsrv.wire.arguments import walkable
from mapsrv.wire.schema_check import compiled
from mapsrv.wire.tools.table import TOOLS

SCHEMAS = [schema for tool in TOOLS for schema in (dict(tool.schema), walkable(tool))]
TYPES = ["string", "number", "boolean", "array", "object", "null"]
KEYS = st.sampled_from("abc")
TEXTS = st.sampled_from(["", "a", "b", "c", "top"])

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def schemas_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    closed = {"additionalProperties": st.just(False), "required": st.lists(KEYS, unique=True, max_size=2)}
    words = {
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
        "anyOf": st.lists(inner, min_size=1, max_size=3),
        "enum": st.lists(TEXTS, min_size=1, unique=True),
        "minimum": st.integers(-2, 2) | st.floats(-2, 2),
        "maximum": st.integers(-2, 2) | st.floats(-2, 2),
        "minItems": st.integers(0, 3),
        "maxItems": st.integers(0, 3),
        "items": inner,
        "description": st.just("What it is."),
    }
    objects = st.fixed_dictionaries(
        {"properties": st.dictionaries(KEYS, inner, max_size=3)}, optional={**words, **closed}
    )
    return objects | st.fixed_dictionaries({}, optional=words)


schemas = st.recursive(st.fixed_dictionaries({}, optional={"type": st.sampled_from(TYPES)}), schemas_of)


@given(schemas, values)
@settings(deadline=None, max_examples=400)
def test_it_accepts_exactly_what_jsonschema_does(schema: Any, value: Any) -> None:
    assert compiled(schema)(value) == Draft202012Validator(schema).is_valid(value)


@given(st.sampled_from(SCHEMAS), st.data())
@settings(deadline=None, max_examples=400)
def test_it_does_so_with_the_schemas_of_our_tools(schema: Any, data: st.DataObject) -> None:
    names = list(schema["properties"])
    near = st.fixed_dictionaries({}, optional={name: of(schema["properties"][name]) for name in names})
    value = data.draw(near | st.dictionaries(st.sampled_from([*names, "strange"]), values, max_size=4))
    assert compiled(schema)(value) == Draft202012Validator(schema).is_valid(value)


def of(schema: Any) -> st.SearchStrategy[Any]:
    """Return values that are nearly what a property takes: valid ones, and such as differ in one thing."""
    if "anyOf" in schema:
        return st.one_of([of(branch) for branch in schema["anyOf"]]) | values
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "strange"]) | values
    items = of(schema["items"]) if schema.get("items") else values
    return {
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-200, 200) | st.booleans(),
        "array": st.lists(items, max_size=5),
        "string": st.text(max_size=5) | values,
    }.get(str(schema.get("type")), values)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_each_example_is_accepted(tool: Any) -> None:
    assert compiled(walkable(tool))(dict(tool.example))


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "a"},
        {"type": "object", "required": ["a"]},
        {"enum": ["a", 1]},
        {"properties": {}, "additionalProperties": {"type": "string"}},
        {"items": {"format": "date"}},
    ],
)
def test_a_word_that_it_lacks_is_refused_when_it_is_made(schema: Any) -> None:
    with pytest.raises(ValueError):
        compiled(schema)
