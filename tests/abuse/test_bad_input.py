"""What is wrong in a body gets a clear error over real HTTP, and changes nothing: no 500, no traceback."""

from __future__ import annotations

import gzip
from typing import Any

import httpx2
import pytest

from tests.abuse.kit.refusals import FEATURE, JSON, LONG, MCP, add, do, post, refused
from tests.e2e.kit.server import NO_TLS, Server

DEEP = b"[" * 100_000 + b"]" * 100_000
DEEP_OBJECT = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
STRANGE = ["", " ", "\x00", "\x1b[31m", "a\nb", "\u2028", "\ud800", "\udc00x", LONG, "__proto__", "mapsrv:x"]


@pytest.mark.parametrize("path", ["/commands", "/data", "/presence"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"{} {}",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b"1" * 60_000,
        DEEP[:60_000],
        DEEP,
        DEEP_OBJECT,
        b'{"a":' + b"9" * 5000 + b"}",
        gzip.compress(b"{}"),
    ],
    ids=[
        "nothing",
        "half",
        "utf-16",
        "two",
        "nan",
        "infinity",
        "1e999",
        "surrogate",
        "long-number",
        "60k-deep",
        "200k-deep",
        "deep-objects",
        "5000-digits",
        "gzip",
    ],
)
def test_what_is_not_json_is_refused_by_every_post(
    server: Server, session: str, path: str, body: bytes
) -> None:
    refused(post(server, path, session, body))


@pytest.mark.parametrize(
    "body", [DEEP, DEEP_OBJECT, b"{", b"[]", b"null", b'"x"', b'{"jsonrpc":"2.0"}', b"\xff"]
)
def test_what_is_no_message_is_refused_by_mcp(server: Server, body: bytes) -> None:
    with httpx2.stream("GET", f"{server.url}/sse", timeout=10, verify=NO_TLS) as events:
        lines = events.iter_lines()
        endpoint = next(line for line in lines if line.startswith("data: ")).removeprefix("data: ")
        for url, headers in ((endpoint, JSON), ("/mcp", MCP)):
            answer = httpx2.post(
                f"{server.url}{url}", content=body, headers=headers, timeout=10, verify=NO_TLS
            )
            assert 400 <= answer.status_code < 500, answer.text[:300]


WRONG = {
    "no-list": [],
    "no-command": {"arguments": {}},
    "unknown-command": do("add_layers"),
    "a-reading-command": do("list_layers"),
    "no-arguments-object": {"command": "open_map", "arguments": 3},
    "key-of-wrong-type": {**do("open_map", title="x"), "id": 7},
    "key-too-long": {**do("open_map", title="x"), "id": LONG[:1000]},
    "key-of-unicode": {**do("open_map", title="x"), "id": "é\u0000"},
    "wrong-type": do("toggle_layer", layer_id=7),
    "unknown-argument": do("toggle_layer", layer_id="stop", colour="red"),
    "unknown-layer": do("toggle_layer", layer_id="stopp"),
    "zoom-of-text": do("set_map_view", center=[8, 47], zoom="near"),
    "zoom-out-of-range": do("set_map_view", center=[8, 47], zoom=99),
    "swapped-center": do("set_map_view", center=[47, 120], zoom=3),
    "out-of-range-center": do("set_map_view", center=[8, 91], zoom=3),
    "three-bounds": do("set_map_view", bounds=[1, 2, 3]),
    "bounds-upside-down": do("set_map_view", bounds=[0, 50, 10, 40]),
    "out-of-range": add({"type": "Point", "coordinates": [541, 10]}),
    "swapped": add({"type": "Point", "coordinates": [47, 120]}),
    "one-number": add({"type": "Point", "coordinates": [1]}),
    "text-numbers": add({"type": "Point", "coordinates": ["8", "47"]}),
    "open-ring": add({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1]]]}),
    "no-kind": add({"type": "Circle", "coordinates": [0, 0]}),
    "duplicate-ids": add(
        {"type": "FeatureCollection", "features": [{**FEATURE, "id": 1}, {**FEATURE, "id": 1}]}
    ),
    "javascript": add("javascript:alert(1)//.geojson"),
    "javascript-tiles": add({"type": "raster", "tiles": ["JavaScript:alert(1)//{z}/{x}/{y}"]}),
    "javascript-attribution": add({"type": "geojson", "data": "java\tscript:alert(1)"}),
    "file": add("file:///etc/passwd.geojson"),
    "a-path": add("/etc/passwd.geojson"),
    "data-never-stored": add("data/" + "0" * 64),
    "data-elsewhere": add("data/../secret"),
    "same-style-layer-twice": add(
        FEATURE, layers=[{"id": "a", "type": "circle"}, {"id": "a", "type": "line"}]
    ),
    "a-style-layer-of-another": add(FEATURE, layers=[{"id": "stop", "type": "circle"}]),
    "bad-paint": do(
        "set_layer_paint", layer_id="stop", properties={"circle-color": "red", "circle-radius": "x"}
    ),
    "deprecated-filter": do("filter_layer", layer_id="stop", filter=["==", "name", "x"]),
    "below-itself": do("move_layer", layer_id="stop", below="stop"),
    "remove-unknown-feature": do("update_features", layer_id="stop", update=[{"id": 77, "properties": {}}]),
    **{f"id-{n}": do("add_layer", id=text, source=FEATURE) for n, text in enumerate(STRANGE)},
    **{f"layer-{n}": do("toggle_layer", layer_id=text) for n, text in enumerate(STRANGE)},
    **{f"title-{n}": do("open_map", title=text) for n, text in enumerate(STRANGE[:9])},
    **{
        f"map-{n}": do("toggle_layer", layer_id="stop", session_id=text)
        for n, text in enumerate(STRANGE[2:5] + STRANGE[6:9])
    },
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_wrong_command_is_refused_with_what_to_do_and_changes_nothing(
    server: Server, session: str, body: Any
) -> None:
    if body == WRONG["layer-10"]:  # may be the id of something; it is only not there
        assert "mapsrv:x" in refused(post(server, "/commands", session, body), 422, "unknown_layer")
    message = refused(post(server, "/commands", session, body))
    assert len(message) > 30


def test_swapped_coordinates_are_told_where_they_can_be_told(server: Server, session: str) -> None:
    for body in (WRONG["swapped"], WRONG["swapped-center"]):
        message = refused(post(server, "/commands", session, body))
        assert "swapped" in message


@pytest.mark.parametrize(
    "change",
    [{"viewer": text} for text in [*STRANGE[:1], "\ud800", LONG[:60_000], 3, None]]
    + [
        {"visible": "yes"},
        {"viewport": 3},
        {"viewport": {"center": [1]}},
        {"viewport": {"zoom": 1e300}},
        {"pointing": "x"},
        {"pointing": {"a": LONG[:50_000]}},
        {"problems": {}},
        {"problems": [3]},
        {"problems": [{"message": ["x"]}]},
        {"name": 7},
        {"viewport": {"center": [[0], 0]}},
    ],
)
def test_a_wrong_word_of_a_page_is_refused(server: Server, session: str, change: dict[str, Any]) -> None:
    refused(post(server, "/presence", session, {"viewer": "tab", **change}))


def test_a_body_over_the_limit_names_post_data(server: Server, session: str) -> None:
    body = add({"type": "FeatureCollection", "features": []}, title=LONG + LONG)
    assert "POST /data" in refused(post(server, "/commands", session, body), 413, "too_large")
    assert "--max-data" in refused(post(server, "/data", session, b" " * 1_100_000), 413, "too_large")
    assert (
        "POST /data"
        in httpx2.post(f"{server.url}/mcp", content=b" " * 300_000, headers=MCP, verify=NO_TLS).text
    )
