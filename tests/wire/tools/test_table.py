"""What is published of the tools: all of them, in their order, as every host takes it."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mapsrv.core.commands import Command
from mapsrv.wire import tools
from mapsrv.wire.calls import CALLS, parse_call
from mapsrv.wire.tools.requests import Query
from mapsrv.wire.tools.table import TOOLS
from mapsrv.wire.tools.tool import Tool

NAMES = """
open_map get_map_state get_map_screenshot list_layers get_layer_info find_places add_layer update_features
remove_layer toggle_layer move_layer
filter_layer set_layer_paint set_layer_details reset_layer_style set_map_view set_basemap
""".split()

MAX_LIST = 23 * 1024  # bytes of tools/list, of which a chat pays some 4 to a token


def test_the_calls_are_published_in_their_order() -> None:
    assert list(CALLS) == NAMES
    assert [call.name for call in CALLS.values()] == NAMES


def test_every_tool_is_in_the_table_and_is_called_as_its_file_is() -> None:
    files = [module.name for module in pkgutil.iter_modules(tools.__path__)]
    modules = {name: import_module(f"mapsrv.wire.tools.{name}") for name in files}
    defined = {name: module.TOOL for name, module in modules.items() if hasattr(module, "TOOL")}
    assert defined == {tool.name: tool for tool in TOOLS}
    assert len(TOOLS) == len(defined)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_an_example_passes_its_own_schema_and_parser(tool: Tool) -> None:
    Draft202012Validator.check_schema(tool.schema)
    Draft202012Validator(tool.schema).validate(tool.example)
    request = tool.parse(tool.example, None)
    assert isinstance(request, Query | Command)
    assert tool.changes or isinstance(request, Query)


def test_the_list_of_tools_is_paid_in_every_chat_and_stays_small() -> None:
    published = [
        {"name": tool.name, "title": tool.title, "description": tool.description, "inputSchema": tool.schema,
         "annotations": {"title": tool.title, **tool.annotations}}
        for tool in TOOLS
    ]  # fmt: skip
    assert len(json.dumps({"tools": published}).encode()) <= MAX_LIST


def test_which_map_is_told_in_ten_words() -> None:
    told = {tool.schema["properties"]["session_id"]["description"] for tool in TOOLS}
    assert [len(text.split()) for text in told] == [10]


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema, without itself."""
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    below += [schema["items"]] if schema.get("items") else []
    for inner in below:
        yield inner
        yield from schemas_in(inner)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_that_every_host_takes(name: str) -> None:
    schema = CALLS[name].schema
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    assert not schema.keys() & {"anyOf", "oneOf", "allOf"}
    assert set(schema["required"]) <= schema["properties"].keys()
    assert "session_id" in schema["properties"]
    for inner in schemas_in(schema):
        assert "type" in inner or all("type" in branch for branch in inner["anyOf"])
        assert "items" in inner or inner.get("type") != "array"
    for described in schema["properties"].values():
        assert described["description"].endswith((".", '"'))


@pytest.mark.parametrize("name", NAMES)
def test_a_call_prints_its_hints_and_says_what_it_does(name: str) -> None:
    call = CALLS[name]
    assert set(call.annotations) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert call.annotations["readOnlyHint"] is not call.changes
    assert call.title and len(call.description) < 2_000
    assert json.dumps(call.schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_example_is_taken(name: str) -> None:
    call = CALLS[name]
    assert call.description.endswith(f"Example: {json.dumps(call.example, ensure_ascii=False)}")
    assert parse_call(name, call.example).session_id is None
