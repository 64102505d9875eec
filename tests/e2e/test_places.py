"""Places over plain HTTP: POST /commands draws what the server knows, and says where the view went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.kit.server import Server, running


def done(server: Server, session: str, command: str, **arguments: Any) -> httpx2.Response:
    body = {"command": command, "arguments": arguments}
    return httpx2.post(f"{server.url}/commands?session={session}", json=body, timeout=60)


def test_cities_are_drawn_and_labelled_without_a_coordinate(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session = server.new_map()
        source = "builtin:cities?country=CH&sort=population&limit=10"
        told = done(server, session, "add_layer", id="cities", source=source, fit=True).json()
        assert told["changed"] == ["cities"] and told["camera_near"].endswith("Switzerland")
        labels = {"type": "symbol", "layout": {"text-field": ["get", "name"]}}
        assert "camera_near" not in done(server, session, "add_layer", id="cities", layers=[labels]).json()
        copied = done(server, session, "add_layer", id="rings", source="layer:cities", below="cities")
        assert copied.json()["changed"] == ["rings"]
        layers = {layer["id"]: layer for layer in server.state(session)["state"]["layers"]}
        assert [drawn["type"] for drawn in layers["cities"]["style_layers"]] == ["circle", "symbol"]
        assert layers["rings"]["source"] == layers["cities"]["source"]
        data = httpx2.get(f"{server.url}/{layers['cities']['source']['data']}").text
        names = [feature["properties"]["name"] for feature in json.loads(data)["features"]]
        assert names[:5] == ["Zürich", "Geneva", "Basel", "Lausanne", "Bern"] and len(names) == 10
        for arguments, says in (
            ({"id": "x", "layers": [labels]}, "source is missing"),
            ({"id": "x", "source": "layer:citis"}, 'Did you mean "cities"'),
            ({"id": "x", "source": "builtin:cities?country=Swizerland"}, 'Did you mean "Switzerland"'),
        ):
            refused = done(server, session, "add_layer", **arguments)
            assert refused.status_code in (404, 422) and says in refused.json()["error"]["message"]
        refused = done(server, session, "find_places", query="Bern")
        assert refused.status_code == 422 and "changes nothing" in refused.json()["error"]["message"]
