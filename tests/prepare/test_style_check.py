"""Styles judged: MapLibre's words with our path and what helps, what only the data can show, counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import Json, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.prepare.style_check import MAX_VERDICTS, NOT_CHECKED, NOT_TRIED, StyleCheck
from mapsrv.store.memory import open_memory
from mapsrv.style_spec import Engine, OverLimit, Sample
from mapsrv.style_spec.child import COMMAND
from tests.kit.style_engine import BOMB, ENDLESS, built

KINDS = ("lake", "river", "lake", "bog")


def feature(number: int, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [number, 46]}
    return {"type": "Feature", "id": number, "geometry": geometry, "properties": properties}


LAKES = [feature(n, kind=kind, depth=100 * n + 50, text=str(n)) for n, kind in enumerate(KINDS)]


class Counting(Engine):
    """Counts what it is asked."""

    def __init__(self, command: Any = COMMAND) -> None:
        super().__init__(command)
        self.calls = 0

    async def ask(
        self,
        request: Mapping[str, Json],
        sample: Sample | None = None,
        about: Mapping[str, Json] | None = None,
    ) -> dict[str, Json]:
        self.calls += 1
        return await super().ask(request, sample, about)


@dataclass
class Map:
    """One map, judged."""

    documents: Documents
    engine: Counting
    style: StyleCheck
    state: MapState = field(default_factory=MapState)

    async def do(self, command: c.Command) -> Prepared:
        prepared = await prepare(command, self.state, self.documents, self.style)
        self.state = apply_all(self.state, decide(self.state, prepared.command))
        return prepared

    async def refused(self, command: c.Command) -> str:
        before = self.state
        with pytest.raises(InvalidArgument) as caught:
            await self.do(command)
        assert self.state is before
        return caught.value.message

    async def add(self, *layers: dict[str, Any], features: Any = LAKES, **source: Any) -> tuple[str, ...]:
        return (await self.do(adding(*layers, features=features, **source))).warnings

    async def paint(self, **properties: Any) -> tuple[str, ...]:
        return (await self.do(painting(**properties))).warnings


def adding(*layers: dict[str, Any], features: Any = LAKES, **source: Any) -> c.AddLayer:
    data = {"type": "FeatureCollection", "features": list(features)}
    named = tuple({"id": f"a{place or ''}", **layer} for place, layer in enumerate(layers)) or None
    return c.AddLayer("a", {"type": "geojson", "data": data, **source}, style_layers=named)


def painting(**properties: Any) -> c.SetLayerPaint:
    return c.SetLayerPaint("a", {name.replace("_", "-"): value for name, value in properties.items()})


def circle(**paint: Any) -> dict[str, Any]:
    return {"type": "circle", "paint": {name.replace("_", "-"): value for name, value in paint.items()}}


@pytest.fixture
async def a_map() -> AsyncIterator[Map]:
    built()
    engine = Counting()
    async with open_memory() as store:
        yield Map(Documents(store, max_data=1 << 24, clock=lambda: 0.0), engine, StyleCheck(engine))
    await engine.close()


# --- what is refused -----------------------------------------------------------------


REFUSED: list[tuple[str, Any, list[str]]] = [
    ("circle-color", "reed", ["circle-color: color expected", '"reed" found', "#2f6fde"]),
    ("circle-color", ["gett", "kind"], ["circle-color", 'Did you mean "get"']),
    (
        "circle-radius",
        ["+", 1, ["gett", "kind"]],
        ['circle-radius[2][0]: Unknown expression "gett"', '"get"'],
    ),
    ("circle-radius", "big", ["circle-radius: number expected, string found", "Example: 2"]),
    ("circle-radius", ["match", ["get", "kind"], "lake", 3, "bog", 4], ["fallback"]),
    ("circle-radius", ["case", ["has", "kind"], 3], ["circle-radius: Expected", "fallback"]),
    ("circle-radius", ["interpolate", ["lineer"], ["zoom"], 0, 1, 5, 2], ['Did you mean "linear"']),
    (
        "circle-radius",
        ["interpolate", ["linear"], ["zoom"], 5, 1, 0, 2],
        ["[5]", "ascending", "Sort the stops"],
    ),
    ("circle-radius", ["+", ["zoom"], 1], ["top-level", '["zoom"], 5, 1']),
    ("circle-radius", ["length", 5], ["circle-radius: Expected argument", "found number"]),
    ("circle-pitch-scale", "mapp", ["circle-pitch-scale: expected one of [map, viewport]", 'mean "map"']),
    ("circle-translate", ["get", "kind"], ["circle-translate", "data expressions not supported", "zoom"]),
    ("circle-radius", {"stops": [[5, 1], [0, 2]]}, ["circle-radius", "ascending"]),
    ("opacity", ["to-colour", "red"], ["opacity", 'mean "to-color"']),
    (
        "circle-radius-transition",
        {"duration": "long"},
        ["circle-radius-transition.duration: number expected"],
    ),
]


@pytest.mark.parametrize(("name", "value", "says"), REFUSED, ids=lambda item: str(item)[:60])
async def test_a_wrong_value_is_refused_in_maplibres_words(
    a_map: Map, name: str, value: Any, says: list[str]
) -> None:
    await a_map.add(circle())
    message = await a_map.refused(c.SetLayerPaint("a", {name: value}))
    assert all(words in message for words in says), message


async def test_an_added_layer_is_judged_whole_and_five_faults_are_told(a_map: Map) -> None:
    wrong = [circle(circle_color="reed", circle_radius=f"r{n}") for n in range(3)]
    message = await a_map.refused(adding(*wrong))
    lines = message.splitlines()
    assert len(lines) == 6 and lines[-1] == "And 1 more."
    assert lines[0].startswith("layers[0].paint.circle-color: color expected")
    assert lines[3].startswith("layers[1].paint.circle-radius: number expected")


FILTERS = [
    (["==", "kind", "lake"], '["==", ["get", "kind"], "lake"]'),
    (["in", "kind", "lake", "bog"], '["match", ["get", "kind"], ["bog", "lake"], true, false]'),
    (["!has", "kind"], '["!", ["has", "kind"]]'),
    (["all", ["==", "kind", "lake"], ["==", ["get", "depth"], 1]], "filter[1]: Mixing deprecated"),
    (["eq", ["get", "kind"], 1], 'filter[0]: Unknown expression "eq"'),
    (["get", "kind"], "filter"),
    (["==", ["feature-state", "x"], 1], "feature-state"),
    (["constructor", "return this"], "MapLibre cannot read this"),
    (["all", ["__proto__"]], "filter"),
]


@pytest.mark.parametrize(("filter_", "says"), FILTERS, ids=str)
async def test_a_wrong_filter_is_refused_wherever_it_comes(a_map: Map, filter_: Any, says: str) -> None:
    await a_map.add(circle())
    if filter_ != ["get", "kind"]:  # which might be true or false
        assert says in await a_map.refused(c.FilterLayer("a", filter_))
        in_layer = await a_map.refused(adding({**circle(), "filter": filter_}))
        assert in_layer.startswith("layers[0].filter")
        assert "source.filter" in await a_map.refused(adding(circle(), filter=filter_))


async def test_what_the_style_spec_judges_by_its_source_is_judged_so(a_map: Map) -> None:
    gradient = ["interpolate", ["linear"], ["line-progress"], 0, "red", 1, "blue"]
    line = {"type": "line", "paint": {"line-gradient": gradient}}
    assert "lineMetrics" in await a_map.refused(adding(line))
    assert await a_map.add(line, circle(), lineMetrics=True) == ()
    await a_map.add({"type": "line"}, circle())
    assert '"lineMetrics": true' in await a_map.refused(painting(line_gradient=gradient))


async def test_a_wrong_cluster_property_is_refused(a_map: Map) -> None:
    wrong = {"sum": ["+", ["gett", "depth"]]}
    assert "Unknown expression" in await a_map.refused(
        adding(circle(), cluster=True, clusterProperties=wrong)
    )
    right = {"sum": ["+", ["get", "depth"]]}
    assert await a_map.add(circle(), cluster=True, clusterProperties=right) == ()


@pytest.mark.parametrize(("value", "what"), [(ENDLESS, "1 s"), (BOMB, "256 MiB")], ids=("endless", "bomb"))
async def test_what_is_over_a_limit_is_refused_by_name(a_map: Map, value: Any, what: str) -> None:
    await a_map.add(circle())
    message = await a_map.refused(painting(circle_radius=value))
    assert message.startswith("circle-radius: this") and what in message
    assert await a_map.paint(circle_radius=5) == ()


# --- text ids --------------------------------------------------------------------------


async def test_text_ids_have_another_expression(a_map: Map) -> None:
    named = [{**one, "id": f"f{n}"} for n, one in enumerate(LAKES)]
    await a_map.add(circle(), features=named)
    assert 'Send: ["==", ["get", "mapsrv:id"], "f1"]' in await a_map.refused(
        c.FilterLayer("a", ["==", ["id"], "f1"])
    )
    message = await a_map.refused(painting(circle_color=["case", ["==", ["id"], "f1"], "red", "blue"]))
    assert '["case", ["==", ["get", "mapsrv:id"], "f1"], "red", "blue"]' in message
    prepared = await a_map.do(c.FilterLayer("a", ["==", ["get", "mapsrv:id"], "f1"]))
    assert prepared.facts["matched"]["total"] == 1


async def test_a_property_that_is_the_id_is_judged_by_its_values(a_map: Map) -> None:
    await a_map.add(circle(), promoteId="kind")
    assert '["get", "kind"]' in await a_map.refused(c.FilterLayer("a", ["==", ["id"], "lake"]))
    await a_map.add(circle(), promoteId="depth")
    prepared = await a_map.do(c.FilterLayer("a", ["==", ["id"], 150]))
    assert prepared.facts["matched"]["total"] == 1 and prepared.warnings == ()


# --- what only the data shows ------------------------------------------------------------


WARNED: list[tuple[str, Any, list[str]]] = [
    ("circle-radius", ["get", "dept"], ['no feature has "dept"', 'Did you mean "depth"']),
    ("circle-radius", ["coalesce", ["get", "dept"], 0], ['no feature has "dept"']),
    ("circle-radius", {"property": "dept", "stops": [[0, 1], [5, 2]]}, ['no feature has "dept"']),
    ("circle-radius", ["get", "zzz"], ["There are: kind, depth, text."]),
    (
        "circle-color",
        ["match", ["get", "kind"], ["lake", "laek"], "red", "blue"],
        ['has "laek" as "kind"', '"lake", "river", "bog"', "2 of 4 features fall to the default"],
    ),
    ("circle-radius", ["match", ["get", "depth"], 50, 1, 5, 2, 3], ['has 5 as "depth"', "3 of 4 features"]),
    ("circle-color", ["match", ["get", "text"], "1", "red", "01", "blue", "black"], ['has "01" as "text"']),
    (
        "circle-radius",
        ["step", ["to-number", ["get", "text"]], 1, 9, 2],
        ['"text" goes from 0 to 3', "the stops 9"],
    ),
    (
        "circle-radius",
        ["interpolate", ["linear"], ["get", "depth"], 1000, 1, 2000, 9],
        ['"depth" goes from 50 to 350', "1000 to 2000"],
    ),
    ("circle-radius", ["step", ["get", "depth"], 1, 1000, 9], ["outside of the stops 1000"]),
    (
        "circle-radius",
        ["interpolate", ["linear"], ["get", "text"], 0, 1, 9, 9],
        ["4 of 4 features take the default", '"text" is "0" there', '["to-number", ["get", "text"]]'],
    ),
    (
        "circle-pitch-scale",
        ["step", ["zoom"], "map", 5, "viewport"],
        [],
    ),
]


@pytest.mark.parametrize(("name", "value", "says"), WARNED, ids=lambda item: str(item)[:60])
async def test_what_the_data_shows_is_a_warning(a_map: Map, name: str, value: Any, says: list[str]) -> None:
    await a_map.add(circle())
    warnings = (await a_map.do(c.SetLayerPaint("a", {name: value}))).warnings
    assert len(warnings) == (1 if says else 0)
    assert all(words in warnings[0] for words in says), warnings
    added = await a_map.add({"type": "circle", "paint": {name: value}})
    assert [text.removeprefix("layers[0].paint.") for text in added] == list(warnings)


QUIET: list[Any] = [
    ["get", "depth"],
    ["case", ["has", "width"], ["get", "width"], 3],
    ["coalesce", ["get", "width"], ["get", "depth"], 1],
    ["match", ["get", "kind"], "lake", 5, "river", 4, 3],
    ["step", ["get", "depth"], 1, 100, 2, 300, 3],
    ["interpolate", ["linear"], ["zoom"], 3, 1, 9, ["/", ["get", "depth"], 10]],
    ["case", ["boolean", ["feature-state", "hover"], False], 9, 3],
    ["to-number", ["get", "text"]],
    ["let", "d", ["get", "depth"], ["*", ["var", "d"], 2]],
    ["match", ["get", "depth"], 50, 1, 150, 2, 3],
    ["match", ["to-string", ["get", "depth"]], "50", 1, 3],
    ["match", ["to-number", ["get", "text"]], [0, 1], 1, 3],
]


@pytest.mark.parametrize("value", QUIET, ids=str)
async def test_what_is_right_is_not_warned_of(a_map: Map, value: Any) -> None:
    await a_map.add(circle())
    assert await a_map.paint(circle_radius=value) == ()


async def test_what_a_style_layer_does_not_draw_is_not_held_against_its_values(a_map: Map) -> None:
    some = [*LAKES, feature(9, kind="peak")]
    assert "1 of 5 features" in (await a_map.add(circle(circle_radius=["get", "depth"]), features=some))[0]
    drawn = {**circle(circle_radius=["get", "depth"]), "filter": ["!=", ["get", "kind"], "peak"]}
    assert await a_map.add(drawn, features=some) == ()


async def test_clusters_have_fields_of_their_own(a_map: Map) -> None:
    steps = ["step", ["get", "point_count"], 10, 5, 20]
    layers = [circle(circle_radius=steps), {"type": "symbol", "layout": {"text-field": "{sum}"}}]
    sums = {"sum": ["+", ["get", "depth"]]}
    assert await a_map.add(*layers, cluster=True, clusterProperties=sums) == ()
    assert (await a_map.do(c.FilterLayer("a", ["has", "point_count"]))).facts == {}


async def test_names_in_a_texts_braces_are_fields(a_map: Map) -> None:
    (warning,) = await a_map.add({"type": "symbol", "layout": {"text-field": "{kindd}"}})
    assert 'no feature has "kindd". Did you mean "kind"?' in warning


async def test_colours_of_a_heatmap_are_not_tried(a_map: Map) -> None:
    ramp = ["interpolate", ["linear"], ["heatmap-density"], 0, "rgba(0,0,0,0)", 1, "red"]
    assert await a_map.add({"type": "heatmap", "paint": {"heatmap-color": ramp}}) == ()


async def test_of_much_data_a_sample_is_tried_and_said_so(a_map: Map) -> None:
    many = [feature(n % 180, depth=n) | {"id": n} for n in range(20_001)]
    await a_map.add(circle(), features=many)
    (warning,) = await a_map.paint(circle_radius=["get", "width"])
    assert "(Of 20,001 features " in warning
    prepared = await a_map.do(c.FilterLayer("a", [">=", ["get", "depth"], 10_000]))
    matched = prepared.facts["matched"]
    assert matched["sampled_from"] == 20_001 and 0 < matched["total"] < matched["of"] <= 10_000


async def test_data_of_others_is_not_tried(a_map: Map) -> None:
    source = {"type": "geojson", "data": "https://example.org/a.geojson"}
    layer = {"id": "a", **circle(circle_radius=["get", "x"])}
    assert (await a_map.do(c.AddLayer("a", source, style_layers=(layer,)))).warnings == ()
    assert (await a_map.do(c.FilterLayer("a", ["has", "x"]))).facts == {}


# --- filter_layer counts --------------------------------------------------------------------


async def test_a_filter_says_how_many_it_leaves(a_map: Map) -> None:
    await a_map.add({**circle(), "filter": ["!=", ["get", "kind"], "bog"]})
    prepared = await a_map.do(c.FilterLayer("a", [">", ["get", "depth"], 100]))
    assert prepared.facts == {"matched": {"total": 2, "of": 4, "in_view": 2}} and prepared.warnings == ()
    await a_map.do(c.SetMapView(center=(1, 46), zoom=12))
    prepared = await a_map.do(c.FilterLayer("a", ["has", "depth"]))
    assert prepared.facts["matched"] == {"total": 3, "of": 4, "in_view": 1} and prepared.warnings == ()
    assert (await a_map.do(c.FilterLayer("a"))).facts == {}


@pytest.mark.parametrize(
    ("filter_", "says"),
    [
        (["==", ["get", "kind"], "laek"], '"kind" is "lake", "river", "bog"'),
        (["==", ["get", "depth"], "50"], '"depth" is 50, 150, 250, 350'),
        (["==", ["get", "kin"], "lake"], 'No feature has "kin". Did you mean "kind"?'),
        (["has", "kindd"], 'No feature has "kindd"'),
        (["==", ["geometry-type"], "Polygon"], "none of the layer's 4 features"),
    ],
    ids=str,
)
async def test_a_filter_that_leaves_nothing_is_done_and_warned_of(
    a_map: Map, filter_: Any, says: str
) -> None:
    await a_map.add(circle())
    prepared = await a_map.do(c.FilterLayer("a", filter_))
    assert prepared.facts["matched"]["total"] == 0
    (warning,) = prepared.warnings
    assert says in warning
    assert a_map.state.layers["a"].filter == filter_


async def test_features_without_geometry_are_not_counted(a_map: Map) -> None:
    nowhere = {**feature(7, kind="lake"), "geometry": None}
    await a_map.add(circle(), features=[*LAKES, nowhere])
    prepared = await a_map.do(c.FilterLayer("a", ["==", ["get", "kind"], "lake"]))
    assert prepared.facts["matched"] == {"total": 2, "of": 5, "in_view": 2}


# --- the engine spared, or away ----------------------------------------------------------------


async def test_a_slider_that_comes_again_costs_no_call(a_map: Map) -> None:
    await a_map.add(circle())
    for _ in range(3):
        for step in range(10):
            await a_map.paint(circle_radius=step, opacity=step / 10, circle_color=f"#11111{step}")
    calls = a_map.engine.calls
    assert calls <= 11
    for step in range(10):
        await a_map.paint(circle_radius=step)
    assert "color expected" in await a_map.refused(painting(circle_color="reed"))
    assert "color expected" in await a_map.refused(painting(circle_color="reed"))
    assert a_map.engine.calls == calls + 1


async def test_what_is_remembered_is_bounded(a_map: Map) -> None:
    layers = [circle(**{"circle-radius": step}) for step in range(100)]
    for first in range(0, MAX_VERDICTS, 100):
        for place, layer in enumerate(layers):
            layer["paint"] = {"circle-radius": first + place + 0.5}
        await a_map.add(*layers)
    await a_map.add(circle())
    calls = a_map.engine.calls
    await a_map.paint(circle_radius=MAX_VERDICTS - 0.5)
    assert a_map.engine.calls == calls
    await a_map.paint(circle_radius=0.5)
    assert a_map.engine.calls == calls + 1


async def test_an_engine_that_fails_lets_everything_through_and_says_so(a_map: Map) -> None:
    a_map.style = StyleCheck(Engine(("/nonexistent",)))
    assert await a_map.add(circle(circle_color="reed")) == (NOT_CHECKED,)
    assert await a_map.style.problems(a_map.state) == []


class TooMuchData(Counting):
    """Is over its limit as soon as it is given data."""

    async def ask(
        self,
        request: Mapping[str, Json],
        sample: Sample | None = None,
        about: Mapping[str, Json] | None = None,
    ) -> dict[str, Json]:
        if sample is not None:
            raise OverLimit("memory")
        return await super().ask(request, sample, about)


async def test_a_right_style_is_not_refused_for_its_data(a_map: Map) -> None:
    engine = TooMuchData()
    a_map.style = StyleCheck(engine)
    assert await a_map.add(circle(circle_radius=["get", "depth"])) == (NOT_TRIED,)
    assert "color expected" in await a_map.refused(painting(circle_color="reed"))
    await engine.close()


async def test_without_an_engine_nothing_is_judged(a_map: Map) -> None:
    a_map.style = StyleCheck(None)
    assert await a_map.add(circle(circle_color="reed")) == ()
    assert await a_map.style.problems(a_map.state) == []


async def test_a_map_of_before_says_what_is_wrong_with_it(a_map: Map) -> None:
    judged, a_map.style = a_map.style, StyleCheck(None)
    await a_map.add(circle(circle_color="reed"), {"type": "line", "filter": ["==", "kind", "lake"]})
    ((layer_id, text),) = await judged.problems(a_map.state)
    assert layer_id == "a" and text.splitlines() == [
        'a.paint.circle-color: color expected, "reed" found. Example: "#2f6fde", "rgba(47, 111, 222, 0.5)" or'
        ' "steelblue".',
        "a1.filter: this is the deprecated filter syntax. Send an expression:"
        ' ["==", ["get", "kind"], "lake"]',
    ]
    calls = a_map.engine.calls
    assert await judged.problems(a_map.state) == [(layer_id, text)]
    assert a_map.engine.calls == calls
    await a_map.add(circle())
    assert await judged.problems(a_map.state) == []
