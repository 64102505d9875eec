"""Style layers in a call: ids given, names and constants known, what cannot be drawn refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core.style_names import LAYER_TYPES, is_layout, is_paint
from mapsrv.errors import IdTaken, InvalidArgument, LimitReached, MapsrvError
from mapsrv.wire.style_layers import DRAWN_BY, KEYS, check_style_layers
from tests.wire.kit.values import JSON


def ids(layers: list[Any]) -> list[str]:
    return [layer["id"] for layer in check_style_layers("lakes", "geojson", layers)]


def test_the_only_style_layer_has_the_layers_id() -> None:
    assert ids([{"type": "fill"}]) == ["lakes"]


def test_several_are_named_by_type_then_by_number() -> None:
    assert ids([{"type": "fill"}, {"type": "line"}, {"type": "line"}]) == [
        "lakes-fill",
        "lakes-line",
        "lakes-3",
    ]
    assert ids([{"type": "fill"}, {"type": "fill"}, {"type": "line", "id": "lakes-2"}]) == [
        "lakes-fill",
        "lakes-3",
        "lakes-2",
    ]


def test_given_ids_stay_and_clash_only_with_each_other() -> None:
    assert ids([{"type": "fill", "id": "a"}, {"type": "line", "id": "lakes"}]) == ["a", "lakes"]
    with pytest.raises(IdTaken, match='"a"'):
        ids([{"type": "fill", "id": "a"}, {"type": "line", "id": "a"}])


def test_a_style_layer_keeps_what_it_was_added_with_but_for_its_source() -> None:
    layer = {
        "id": "rim",
        "type": "line",
        "source": "lakes",
        "minzoom": 5,
        "maxzoom": 12.5,
        "filter": ["has", "name"],
        "layout": {"line-cap": "round", "visibility": "none"},
        "paint": {"line-width": 2, "line-color": None},
        "metadata": {"note": "x"},
    }
    (kept,) = check_style_layers("lakes", "geojson", [layer])
    assert kept == {
        **{key: item for key, item in layer.items() if key != "source"},
        "paint": {"line-width": 2},
    }
    vector = {
        "type": "line",
        "source-layer": "roads",
        "id": None,
        "filter": None,
        "paint": None,
        "metadata": None,
    }
    assert check_style_layers("a", "vector", [vector]) == (
        {"id": "a", "type": "line", "source-layer": "roads"},
    )


@pytest.mark.parametrize(
    ("source", "layers", "says"),
    [
        ("geojson", [], "leave it out"),
        ("geojson", {}, "must be a list"),
        ("geojson", [5], "layers[0] must be a style layer"),
        ("geojson", [{"type": "fill", "pain": {}}], 'Did you mean "paint"'),
        ("geojson", [{}], "layers[0].type"),
        ("geojson", [{"type": "fil"}], 'Did you mean "fill"'),
        ("geojson", [{"type": 5}], "got 5"),
        ("geojson", [{"type": "background"}], "set_basemap"),
        ("geojson", [{"type": "raster"}], "cannot draw"),
        ("raster", [{"type": "fill"}], "cannot draw"),
        ("raster-dem", [{"type": "raster"}], "hillshade"),
        ("geojson", [{"type": "fill", "source": "other"}], "left out"),
        ("geojson", [{"type": "fill", "source-layer": "a"}], "vector tiles"),
        ("vector", [{"type": "fill"}], 'needs "source-layer"'),
        ("vector", [{"type": "fill", "source-layer": 5}], 'needs "source-layer"'),
        ("geojson", [{"type": "fill", "id": "mapsrv:x"}], "reserved"),
        ("geojson", [{"type": "fill", "id": "constructor"}], "reserved"),
        ("geojson", [{"type": "fill", "id": " "}], "empty"),
        ("geojson", [{"type": "fill", "id": 5}], "must be a text"),
        ("geojson", [{"type": "fill", "id": "a\nb"}], "control"),
        ("geojson", [{"type": "fill", "minzoom": 25}], "from 0 to 24"),
        ("geojson", [{"type": "fill", "maxzoom": None}], "from 0 to 24"),
        ("geojson", [{"type": "fill", "filter": []}], "layers[0].filter"),
        ("geojson", [{"type": "fill", "paint": []}], "must be an object"),
        ("geojson", [{"type": "fill", "metadata": 5}], "must be an object"),
        ("geojson", [{"type": "fill", "paint": {"fillColor": "red"}}], 'Did you mean "fill-color"'),
        ("geojson", [{"type": "fill", "paint": {"line-width": 2}}], "no paint property of a fill layer"),
        ("geojson", [{"type": "line", "paint": {"line-cap": "round"}}], 'Put it into "layout"'),
        ("geojson", [{"type": "line", "layout": {"line-color": "red"}}], 'Put it into "paint"'),
    ],
    ids=lambda item: str(item)[:70],
)
def test_a_wrong_style_layer_says_what_to_do(source: str, layers: Any, says: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_style_layers("lakes", source, layers)
    assert says in caught.value.message


def test_there_is_a_bound_on_style_layers() -> None:
    assert len(set(ids([{"type": "fill"}] * 100))) == 100
    with pytest.raises(LimitReached):
        ids([{"type": "fill"}] * 101)


def test_every_layer_type_draws_some_source() -> None:
    assert {kind for kinds in DRAWN_BY.values() for kind in kinds} == set(LAYER_TYPES)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(DRAWN_BY)),
    JSON | st.lists(st.dictionaries(st.sampled_from(KEYS), JSON), max_size=3),
)
def test_garbage_raises_only_our_error(source: str, value: Any) -> None:
    try:
        for layer in check_style_layers("lakes", source, value):
            for group, belongs in (("paint", is_paint), ("layout", is_layout)):
                for name in layer.get(group, {}):
                    assert belongs(layer["type"], name)
    except MapsrvError:
        pass
