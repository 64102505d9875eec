"""GET /style.json, read by MapLibre's own validator of the Style Spec."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from tests.e2e.kit.server import NO_TLS, Server
from tests.kit import node

PACKAGE = Path(__file__).parents[2] / "static/node_modules/@maplibre/maplibre-gl-style-spec"
VALIDATOR = PACKAGE / "dist" / "gl-style-validate.mjs"
POLYGON = {"type": "Polygon", "coordinates": [[[-5, -5], [5, -5], [5, 5], [-5, 5], [-5, -5]]]}
SHAPES = {
    "type": "GeometryCollection",
    "geometries": [POLYGON, {"type": "LineString", "coordinates": [[0, 0], [9, 9]]}],
}
TILES = {"type": "raster", "tiles": ["https://tiles.example/{z}/{x}/{y}.png"], "attribution": "Example"}


def test_a_map_as_a_style_is_valid_and_its_addresses_are_absolute(server: Server, tmp_path: Path) -> None:
    if not VALIDATOR.exists():
        pytest.skip(f"no validator at {VALIDATOR}: run npm ci in static/")
    session_id = server.new_map()
    server.command(session_id, "add_layer", id="shapes", source=SHAPES)
    server.command(session_id, "add_layer", id="tiles", source=TILES, below="shapes")
    server.command(session_id, "filter_layer", layer_id="shapes", filter=["has", "name"])
    server.command(session_id, "set_layer_paint", layer_id="shapes", property="opacity", value=0.5)
    server.command(session_id, "toggle_layer", layer_id="tiles")
    server.command(session_id, "set_map_view", center=[8.5, 47.4], zoom=9, bearing=20, pitch=30)
    answer = httpx2.get(f"{server.url}/style.json", params={"session": session_id}, verify=NO_TLS)
    assert answer.headers["access-control-allow-origin"] == "*"
    (tmp_path / "style.json").write_bytes(answer.content)
    done = node.run(VALIDATOR, str(tmp_path / "style.json"), home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for source in json.loads(answer.content)["sources"].values():
        data = source.get("data", "")
        assert not isinstance(data, str) or not data or data.startswith(server.url)
