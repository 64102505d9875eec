"""Any command over HTTP is done or refused, and what was done is what the store has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import open_memory
from mapsrv.web.app import create_app
from mapsrv.web.page import Page
from mapsrv.web.site import Site
from mapsrv.web.streams import Streams
from mapsrv.wire.calls import CALLS
from tests.web.kit.asgi import Answer, Client
from tests.wire.kit.values import JSON

CHANGING = sorted(name for name, call in CALLS.items() if call.changes)
IDS = st.sampled_from(["a", "b", "c", "peaks", "lakes", "Ü", "a-line", "stops"])
LNG, LAT = st.floats(-541, 541), st.floats(-91, 91)
PLACE = st.tuples(LNG, LAT).map(list)
GEOMETRY = st.one_of(
    st.builds(lambda at: {"type": "Point", "coordinates": at}, PLACE),
    st.builds(lambda line: {"type": "LineString", "coordinates": line}, st.lists(PLACE, max_size=4)),
    st.builds(
        lambda ring: {"type": "Polygon", "coordinates": [[*ring, *ring[:1]]]}, st.lists(PLACE, max_size=4)
    ),
    st.builds(
        lambda at: {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": at}]}, PLACE
    ),
    st.none(),
)
FEATURE_ID = st.integers(-3, 5) | st.sampled_from(["x", "7", "1e3"])
FEATURE = st.fixed_dictionaries(
    {"type": st.just("Feature"), "geometry": GEOMETRY, "properties": st.none() | st.just({"name": "n"})},
    optional={"id": FEATURE_ID},
)
COLLECTION = st.lists(FEATURE, max_size=4).map(lambda items: {"type": "FeatureCollection", "features": items})
EXPRESSION = st.sampled_from(
    [["==", ["get", "name"], "n"], ["has", "name"], ["!", ["has", "x"]], ["==", "name", "n"], ["nope"], None]
)
STYLE = st.fixed_dictionaries(
    {"type": st.sampled_from(["fill", "line", "circle", "symbol", "heatmap", "fog"])},
    optional={
        "id": IDS,
        "filter": EXPRESSION,
        "minzoom": st.floats(-1, 25),
        "paint": st.just({"line-width": 2}),
    },
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": IDS,
    "layer_id": IDS,
    "below": IDS,
    "above": IDS,
    "to": st.sampled_from(["top", "bottom", "middle"]),
    "source": FEATURE | COLLECTION | st.just("https://example.org/{z}/{x}/{y}.png") | st.just("a/b.geojson"),
    "layers": st.lists(STYLE, max_size=3),
    "filter": EXPRESSION,
    "center": PLACE,
    "zoom": st.floats(-1, 25),
    "bounds": st.lists(st.floats(-200, 200), min_size=4, max_size=4),
    "feature_ids": st.lists(FEATURE_ID, max_size=3),
    "add": st.lists(FEATURE, max_size=3),
    "remove": st.lists(FEATURE_ID, max_size=3),
    "update": st.lists(
        st.fixed_dictionaries({"id": FEATURE_ID}, optional={"geometry": GEOMETRY}), max_size=3
    ),
    "property": st.sampled_from(
        ["opacity", "minzoom", "fill-color", "circle-radius", "visibility", "no-such"]
    ),
    "value": st.sampled_from([0.5, "#ff0000", "none", 7, None, ["get", "size"], True]),
    "properties": st.just({"opacity": 0.4, "circle-color": "red"}),
    "fit": st.booleans(),
    "name": st.sampled_from(["none", "natural-earth", "mars"]),
    "title": st.text(max_size=20),
}


@st.composite
def commands(draw: st.DrawFn) -> dict[str, Any]:
    """A command of mostly right arguments, any of which may be anything."""
    name = draw(st.sampled_from(CHANGING))
    known = sorted(key for key in CALLS[name].schema["properties"] if key != "session_id")
    arguments: dict[str, Any] = dict(CALLS[name].example) if draw(st.integers(0, 3)) == 0 else {}
    required = CALLS[name].schema.get("required", [])
    for key in {*required, *draw(st.sets(st.sampled_from(known), max_size=4))}:
        wild = draw(st.integers(0, 11)) == 0
        arguments[key] = draw(JSON if wild or key not in VALUES else VALUES[key])
    arguments.pop("session_id", None)
    return {"command": name, "arguments": arguments}


def whole(answer: Answer) -> bool:
    """Check the shape of an answer; return whether the command was done."""
    if answer.status == 200:
        assert {"session_id", "position", "changed", "warnings"} <= set(answer.json)
        return True
    assert 400 <= answer.status < 500 and answer.code not in ("internal", "cannot_start"), answer.body
    assert answer.json["error"]["message"]
    return False


async def same_after_a_restart(asked: list[dict[str, Any]], folder: Path) -> None:
    async with open_memory() as store:
        states = []
        async with open_hub(store, max_data=1 << 20, session_idle=60, warm=False) as hub:
            session = await hub.create_session()
            client = Client(
                create_app(Site(hub, OriginGuard("127.0.0.1"), Page(folder), Streams(hub, per_session=9)))
            )
            for body in asked:
                before = (await client.get(f"/state?session={session}")).json
                answer = await client.post(f"/commands?session={session}", body)
                states = [(await client.get(f"/state?session={session}")).json]
                assert whole(answer) or states == [before]
            assert (await client.get(f"/style.json?session={session}")).status == 200
        async with open_hub(store, max_data=1 << 20, session_idle=60, warm=False) as hub:
            client = Client(
                create_app(Site(hub, OriginGuard("127.0.0.1"), Page(folder), Streams(hub, per_session=9)))
            )
            assert [(await client.get(f"/state?session={session}")).json] == states


@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.lists(commands(), min_size=1, max_size=12))
def test_any_commands_are_done_or_refused_and_the_store_has_what_was_done(
    tmp_path_factory: Any, asked: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "page"
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text("<title>page</title>")
    trio.run(same_after_a_restart, asked, folder, clock=MockClock(autojump_threshold=0))
