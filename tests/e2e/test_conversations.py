"""A model draws, errs and mends by what its answers say alone, while a real browser shows the map.

One server, one page and one MCP session for all; each test ends with an empty map. What a single call tells
of a page stands in test_page_answers.py.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, rendered
from tests.e2e.kit.elsewhere import serving
from tests.e2e.kit.pixels import Picture, Rgb
from tests.e2e.kit.server import Server, running, wait_until
from tests.e2e.kit.talk import Model, talking
from tests.e2e.test_page_answers import a_watched_map
from tests.kit.ports import free_port
from tests.kit.style_engine import built

MEANT = re.compile(r'"([^"]+)"[^".]*\. Did you mean "([^"]+)"')
CITIES = "builtin:cities?country=CH,IT&sort=population&limit=20"
DOT = {"type": "Point", "coordinates": [0, 0]}
PIXELS = "/{z}/{x}/{y}.png"


@dataclass(frozen=True, slots=True)
class Talk:
    server: Server
    page: Page
    model: Model
    session_id: str

    def drawn(self, layer: str, name: str = "name") -> set[Any]:
        """Return that property of the features of a style layer that the page draws now."""
        features = "mapsrv.map.queryRenderedFeatures({layers: [id]})"
        script = f"([id, name]) => {features}.map((one) => one.properties[name])"
        return set(self.page.evaluate(script, [layer, name]))

    def problems(self) -> dict[str, str]:
        """Return what the model is told of layers that no browser could draw."""
        found = self.model.do("get_map_state").fields["problems"]
        return {one["layer_id"]: one["text"] for one in found}


@pytest.fixture(scope="module")
def room(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    built()
    size = {"width": 900, "height": 600}
    with running(tmp_path_factory.mktemp("talk")) as server, browser.new_context(viewport=size) as context:
        page = context.new_page()
        session_id = a_watched_map(server, page)
        with talking(server, session_id) as model:
            yield Talk(server, page, model, session_id)


@pytest.fixture
def talk(room: Talk) -> Iterator[Talk]:
    yield room
    for layer in room.server.state(room.session_id)["state"]["layers"]:
        room.server.command(room.session_id, "remove_layer", layer_id=layer["id"])


def test_the_ten_biggest_cities_of_a_country_are_drawn_in_one_call(talk: Talk) -> None:
    source = "builtin:cities?country=CH&sort=population&limit=10"
    told = talk.model.do("add_layer", id="cities", source=source, fit=True)
    assert told.fields["shown"] == {"applied": True, "waiting": []}
    assert told.fields["camera_near"].endswith("Switzerland") and told.fields["camera_near"] in told.text
    talk.page.wait_for_function(rendered("cities", 10), timeout=DRAWN)
    asked_for = {"country": "Switzerland", "kind": "city", "sort": "population", "limit": 10}
    places = talk.model.do("find_places", **asked_for).fields["places"]
    assert talk.drawn("cities") == {place["name"] for place in places} > {"Zürich", "Bern"}


def test_a_filter_that_matches_nothing_is_mended_by_the_values_that_it_is_told(talk: Talk) -> None:
    talk.model.do("add_layer", id="cities", source=CITIES, fit=True)
    talk.page.wait_for_function(rendered("cities", 20), timeout=DRAWN)
    told = talk.model.do("filter_layer", layer_id="cities", filter=["==", ["get", "country"], "Switzerland"])
    assert "matches none" in told.text and told.fields["matched"]["total"] == 0
    talk.page.wait_for_function(rendered("cities", 0), timeout=DRAWN)
    [listed] = re.findall(r'"country" is ([^.]+)\.', told.text)
    values = json.loads(f"[{listed}]")
    assert sorted(values) == ["CH", "IT"]
    told = talk.model.do("filter_layer", layer_id="cities", filter=["==", ["get", "country"], values[0]])
    count = told.fields["matched"]["total"]
    assert 0 < count < 20 and f"Matched {count} of 20" in told.text and told.fields["warnings"] == []
    talk.page.wait_for_function(rendered("cities", count), timeout=DRAWN)
    assert talk.drawn("cities", "country") == {values[0]}


def mended(arguments: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the arguments with what an answer calls unknown as it says that it was meant."""
    [(wrong, right)] = MEANT.findall(text)
    found: dict[str, Any] = json.loads(json.dumps(arguments).replace(f'"{wrong}"', f'"{right}"'))
    assert found != arguments
    return found


def test_what_is_misspelt_is_mended_from_the_answers_alone(talk: Talk) -> None:
    talk.model.do("add_layer", id="cities", source=CITIES, fit=True)
    size = ["interpolate", ["linear"], ["get", "poplation"], 0, 4, 3_000_000, 30]
    paint: dict[str, Any] = {"layer_id": "citys", "properties": {"circle-radios": size}}
    for _ in ("the property", "the layer"):
        paint = mended(paint, talk.model.refused("set_layer_paint", **paint).text)
    warned = talk.model.do("set_layer_paint", **paint)
    paint = mended(paint, warned.text)
    told = talk.model.do("set_layer_paint", **paint)
    assert warned.fields["warnings"] and told.fields["warnings"] == [] and told.fields["shown"]["applied"]
    size[2] = ["get", "population"]
    assert paint == {"layer_id": "cities", "properties": {"circle-radius": size}}
    assert talk.page.evaluate("mapsrv.map.getPaintProperty('cities', 'circle-radius')") == size


def broken(at: str) -> dict[str, tuple[Any, list[str]]]:
    """Return by layer a source at which nothing can be had, and words that say why and what helps."""
    tiles = {"type": "vector", "tiles": [at + "/{z}/{x}/{y}.pbf"]}
    return {
        "refusing tiles": (f"http://127.0.0.1:{free_port()}{PIXELS}", ["cannot be reached", "down"]),
        "missing tiles": (tiles, ["404", "Check the template"]),
        "no tile header": ({"type": "vector", "url": f"{at}/tiles.json"}, ["404", "Nothing is at"]),
        "no JSON": (f"{at}/text.geojson", ["no JSON", "Check the address"]),
        "half a JSON": (f"{at}/cut.geojson", ["no JSON", "Check the address"]),
    }


def test_an_address_that_is_broken_is_told_in_words_and_mended_in_place(talk: Talk) -> None:
    free, good = threading.Event(), json.dumps(DOT).encode()
    files = {"/good.geojson": good, "/text.geojson": b"name,lng,lat", "/cut.geojson": good[:-9]}
    lines = {"layers": [{"type": "line", "source-layer": "roads"}]}

    def hangs(path: str) -> None:
        free.wait(60)

    # Two servers: a browser has six connections to one, which are soon taken by one that hangs.
    with serving(files) as elsewhere, serving(hangs) as slow:
        wrong = broken(elsewhere.url)
        for layer, (source, says) in wrong.items():
            more = lines if isinstance(source, dict) else {}
            told = talk.model.do("add_layer", id=layer, source=source, **more)
            [problem] = told.fields["problems"]
            assert problem["layer_id"] == layer and problem["fix"] in told.text
            assert f"Problem with {layer}" in told.text and all(words in told.text for words in says)
        try:
            told = talk.model.do("add_layer", id="slow", source=slow.url + PIXELS)
            assert told.fields["shown"]["waiting"] == ["slow"] and "Still loading: slow." in told.text
            assert talk.problems().keys() >= wrong.keys()
            for layer in [*wrong, "slow"]:
                told = talk.model.do("add_layer", id=layer, source=f"{elsewhere.url}/good.geojson")
                assert told.fields["shown"] == {"applied": True, "waiting": []}, layer
                assert "problems" not in told.fields
            wait_until(lambda: not talk.problems(), 30)
        finally:
            free.set()


def painted(talk: Talk, colour: str) -> set[Rgb]:
    """Return the colours of the picture that the model is given once it has painted the countries so."""
    value = {"fill-color": colour, "fill-opacity": 1, "fill-antialias": False}
    talk.model.do("set_layer_paint", layer_id="areas", properties=value)
    looked = talk.model.do("get_map_screenshot")
    assert looked.picture is not None
    return Picture(looked.picture).colours()


def test_a_picture_has_the_colour_that_was_drawn_last(talk: Talk) -> None:
    layers = [{"id": "areas", "type": "fill"}]
    talk.model.do(
        "add_layer", id="areas", source="builtin:countries?continent=Africa", layers=layers, fit=True
    )
    green, violet = (0, 200, 83), (170, 0, 255)
    before = painted(talk, "rgb(0, 200, 83)")
    after = painted(talk, "#aa00ff")
    assert green in before and violet not in before
    assert violet in after and green not in after


def test_labels_are_added_to_a_layer_without_its_data(talk: Talk) -> None:
    talk.model.do("add_layer", id="cities", source=CITIES, fit=True)
    label = {"id": "names", "type": "symbol", "layout": {"text-field": ["get", "name"]}}
    told = talk.model.do("add_layer", id="cities", layers=[label])
    assert told.fields["shown"]["applied"] and "replaced" not in told.fields
    assert told.fields["warnings"] == []
    talk.page.wait_for_function(rendered("cities", 20), timeout=DRAWN)
    wait_until(lambda: "Rome" in talk.drawn("names"), 30)
    assert talk.drawn("names") <= talk.drawn("cities")
    drawn = "mapsrv.map.getStyle().layers.filter(one => one.source === 'cities').map(one => one.id)"
    assert talk.page.evaluate(drawn) == ["cities", "cities-labels", "names"], "and what was there stays"


def test_what_the_person_changed_is_told_with_the_next_answer(talk: Talk) -> None:
    talk.page.locator("#name").fill("Ana")
    talk.page.locator("#name").blur()
    talk.model.do("add_layer", id="cities", title="Cities", source=CITIES, fit=True)
    talk.page.wait_for_function(rendered("cities", 20), timeout=DRAWN)
    talk.page.get_by_label("Cities", exact=True).uncheck()
    wait_until(lambda: not talk.server.state(talk.session_id)["state"]["layers"][0]["visible"])
    told = talk.model.do("set_layer_paint", layer_id="cities", properties={"opacity": 0.9})
    [line] = told.fields["people_did"]
    assert re.fullmatch(r'a person "Ana" hid "cities" \d+ s ago', line) and line in told.text
    assert "It is hidden." in told.text, "and that nobody sees what was painted"
    call = re.search(r"Mend it: (\w+) (\{.*\})", told.text)
    assert call is not None
    told = talk.model.do(call[1], **json.loads(call[2]))
    assert "people_did" not in told.fields and told.fields["shown"]["applied"]
    expect(talk.page.get_by_label("Cities", exact=True)).to_be_checked()
    talk.page.wait_for_function(rendered("cities", 20), timeout=DRAWN)
