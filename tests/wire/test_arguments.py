"""Arguments as hosts send them: JSON as text, other names, other forms; and what a refusal says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.wire.calls import CALLS, parse_call

POINT = {"type": "Point", "coordinates": [7.5, 46.9]}


def same(name: str, sent: Any, meant: Any) -> None:
    assert parse_call(name, sent) == parse_call(name, meant)


def refusal(name: str, arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        parse_call(name, arguments)
    return caught.value.message


@pytest.mark.parametrize("name", CALLS)
def test_every_example_may_come_as_json_text(name: str) -> None:
    example = dict(CALLS[name].example)
    same(name, json.dumps(example), example)
    texts = {key: item if isinstance(item, str) else json.dumps(item) for key, item in example.items()}
    same(name, texts, example)


@pytest.mark.parametrize("empty", [None, "", "  ", {}])
def test_no_arguments_may_come_in_any_form(empty: Any) -> None:
    if isinstance(empty, str) and empty:
        assert "must be an object" in refusal("list_layers", empty)
    else:
        same("list_layers", empty, {})


@pytest.mark.parametrize(
    ("name", "sent", "meant"),
    [
        ("remove_layer", {"id": "a"}, {"layer_id": "a"}),
        ("add_layer", {"layer_id": "a", "source": POINT}, {"id": "a", "source": POINT}),
        (
            "add_layer",
            {"id": "a", "source": POINT, "style_layers": [{"type": "circle"}]},
            {"id": "a", "source": POINT, "layers": [{"type": "circle"}]},
        ),
        (
            "add_layer",
            {"id": "a", "source": POINT, "before": "b"},
            {"id": "a", "source": POINT, "below": "b"},
        ),
        ("move_layer", {"id": "a", "before": "b"}, {"layer_id": "a", "below": "b"}),
        ("remove_layer", {"id": "a", "layer_id": "a"}, {"layer_id": "a"}),
        ("list_layers", {"map": "m"}, {"session_id": "m"}),
    ],
)
def test_earlier_names_still_work(name: str, sent: Any, meant: Any) -> None:
    same(name, sent, meant)


def test_two_names_for_one_thing_must_agree() -> None:
    assert "send layer_id only" in refusal("remove_layer", {"id": "a", "layer_id": "b"})


@pytest.mark.parametrize(
    ("name", "sent", "meant"),
    [
        ("set_map_view", {"center": {"lng": 8, "lat": 47}}, {"center": [8, 47]}),
        ("set_map_view", {"center": {"lon": "8", "lat": "47"}}, {"center": [8, 47]}),
        ("set_map_view", {"center": '{"longitude": 8, "latitude": 47}'}, {"center": [8, 47]}),
        ("set_map_view", {"center": ["8.5", "47"], "zoom": "9"}, {"center": [8.5, 47], "zoom": 9}),
        ("set_map_view", {"bounds": [[1, 2], [3, 4]]}, {"bounds": [1, 2, 3, 4]}),
        ("set_map_view", {"bounds": "[[1, 2], [3, 4]]"}, {"bounds": [1, 2, 3, 4]}),
        ("set_map_view", {"bounds": [{"lng": 1, "lat": 2}, {"lon": 3, "lat": 4}]}, {"bounds": [1, 2, 3, 4]}),
        (
            "set_map_view",
            {"bounds": {"west": 1, "south": 2, "east": 3, "north": 4}},
            {"bounds": [1, 2, 3, 4]},
        ),
        (
            "set_map_view",
            {"layer_id": "a", "feature_ids": '["1", 2]'},
            {"layer_id": "a", "feature_ids": ["1", 2]},
        ),
        ("set_map_view", {"zoom": 3, "center": None}, {"zoom": 3}),
        ("open_map", {"new": "true"}, {"new": True}),
        ("open_map", {"new": "False"}, {"new": False}),
        (
            "add_layer",
            {"id": "a", "source": json.dumps(POINT), "fit": "true"},
            {"id": "a", "source": POINT, "fit": True},
        ),
        ("filter_layer", {"layer_id": "a", "filter": "null"}, {"layer_id": "a"}),
        (
            "filter_layer",
            {"layer_id": "a", "filter": '["has", "b"]'},
            {"layer_id": "a", "filter": ["has", "b"]},
        ),
    ],
    ids=lambda item: str(item)[:60],
)
def test_irregular_forms_are_made_regular(name: str, sent: Any, meant: Any) -> None:
    same(name, sent, meant)


@pytest.mark.parametrize("text", ["9", "true", "null", "[1", "{not json"])
def test_where_a_text_is_allowed_only_lists_and_objects_are_read_from_it(text: str) -> None:
    call = parse_call("set_layer_paint", {"layer_id": "a", "property": "text-field", "value": text})
    assert call.request.properties == {"text-field": text}  # type: ignore[union-attr]


def test_a_title_that_looks_like_json_stays_a_text() -> None:
    assert parse_call("open_map", {"title": "[1]"}).request.title == "[1]"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("list_layers", [], "must be an object"),
        ("list_layers", "[1]", "must be an object"),
        ("add_layer", {"id": "a", "sorce": POINT}, 'Did you mean "source"? It takes: id, source, type'),
        ("list_layers", {"zzz": 1}, 'no argument "zzz". It takes: session_id'),
        ("add_layer", {"id": "a"}, "source is missing: GeoJSON itself"),
        ("remove_layer", {"layer_id": None}, "layer_id is missing"),
        (
            "toggle_layer",
            {"layer_id": "a", "action": "hid"},
            'one of "show", "hide", "toggle"; got "hid". Did you mean "hide"',
        ),
        (
            "add_layer",
            {"id": "a", "source": POINT, "type": "vectr"},
            'one of "vector", "raster"; got "vectr"',
        ),
        ("set_basemap", {"name": "osm"}, 'one of "natural-earth", "openstreetmap", "none"; got "osm"'),
        ("open_map", {"new": "perhaps"}, 'new must be of type boolean; got "perhaps"'),
        ("set_map_view", {"zoom": "9x"}, 'zoom must be of type number; got "9x"'),
        ("set_map_view", {"zoom": True}, "zoom must be of type number; got true"),
        ("set_map_view", {"zoom": "true"}, 'zoom must be of type number; got "true"'),
        ("set_map_view", {"zoom": 25}, "zoom must be at most 24; got 25"),
        ("set_map_view", {"pitch": -1}, "pitch must be at least 0; got -1"),
        ("set_map_view", {"center": [1]}, "center must have 2 elements; got [1]"),
        ("set_map_view", {"center": [1, 2, 3]}, "center has 3 elements; 2 at most"),
        ("set_map_view", {"center": {"x": 1, "y": 2}}, "center must be of type array"),
        ("set_map_view", {"bounds": {"x": 1}}, "bounds must be of type array"),
        ("set_map_view", {"bounds": [1, 2]}, "bounds must have 4 elements"),
        ("set_map_view", {"center": [1, "x"]}, 'center[1] must be of type number; got "x"'),
        (
            "set_map_view",
            {"layer_id": "a", "feature_ids": [1, None]},
            "feature_ids[1] must be string or number",
        ),
        ("set_map_view", {"layer_id": "a", "feature_ids": [1] * 1001}, "feature_ids has 1,001 elements"),
        ("set_layer_paint", {"layer_id": "a", "properties": 5}, "properties must be of type object"),
    ],
    ids=lambda item: str(item)[:60],
)
def test_a_refusal_says_what_was_expected_and_shows_an_example(name: str, arguments: Any, says: str) -> None:
    message = refusal(name, arguments)
    assert says in message
    assert message.startswith(f"{name}: ") and f"Example: {name} {{" in message


def test_a_value_that_is_no_json_is_refused_before_anything_walks_it() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    assert "64" in refusal("filter_layer", {"layer_id": "a", "filter": deep})
    assert "finite" in refusal("set_map_view", {"zoom": float("nan")})


def test_a_nested_text_of_json_is_bounded_too() -> None:
    assert refusal("filter_layer", {"layer_id": "a", "filter": "[" * 100_000})
