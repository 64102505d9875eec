"""The demo draws over every transport, through a real client, and the map has what it drew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mapsrv.demo import data
from mapsrv.errors import StartupError
from tests.e2e.kit.server import Server, running
from tests.kit.ports import free_port
from tests.stdio.kit.host import announced, end_server

SECONDS = 60


def demo(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MAPSRV_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "mapsrv", "demo", "--no-open", "--pace", "0", *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)


def drawn(server: Server, said: str) -> str:
    """Check the map whose link the demo told, and return its id."""
    found = re.search(r"Done\. The map stays: ([^?]+)\?session=([^\s#]+)", said)
    assert found, said
    state = server.state(found[2])["state"]
    layers = {layer["id"]: layer for layer in state["layers"]}
    assert list(layers) == ["countries", "cities"]
    assert layers["countries"]["source"]["data"].startswith("data/")
    assert all(layer["visible"] for layer in layers.values()) and not layers["cities"].get("filter")
    assert state["camera"]["center"] == [15, 20]
    return found[2]


@pytest.mark.parametrize("transport", ["sse", "http"])
def test_it_draws_on_the_running_server(tmp_path: Path, transport: str) -> None:
    with running(tmp_path) as server:
        ended = demo(tmp_path, "--transport", transport)
        assert ended.returncode == 0, ended.stderr
        drawn(server, ended.stdout)
        for tool in (
            "add_layer",
            "filter_layer",
            "set_map_view",
            "update_features",
            "toggle_layer",
            "reset_layer_style",
        ):
            assert f"({tool})" in ended.stdout


def test_over_stdio_it_starts_a_server_itself(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    try:
        ended = demo(folder, "--transport", "stdio", "--port", str(free_port()))
        assert ended.returncode == 0, ended.stderr
        server = Server(folder)
        server.url = announced(folder)["url"]
        drawn(server, ended.stdout)
    finally:
        end_server(folder)


def test_it_draws_on_the_map_that_it_is_told(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session = server.new_map()
        ended = demo(tmp_path / "elsewhere", "--url", server.url, "--session", session)
        assert ended.returncode == 0, ended.stderr
        assert drawn(server, ended.stdout) == session


def test_without_a_server_it_says_what_to_start(tmp_path: Path) -> None:
    ended = demo(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and "start it first with `mapsrv`" in ended.stderr


def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        ended = demo(tmp_path, "--url", server.url, "--session", "A" * 22)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr and ended.stderr.startswith("mapsrv: ")


def test_nobody_at_the_address_is_one_sentence(tmp_path: Path) -> None:
    for transport in ("sse", "http"):
        ended = demo(tmp_path, "--transport", transport, "--url", f"http://127.0.0.1:{free_port()}")
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr and ended.stderr.startswith("mapsrv: ")


def test_the_countries_are_joined_with_their_numbers() -> None:
    facts = {feature["properties"]["name"]: feature["properties"] for feature in data.countries()["features"]}
    assert facts["Switzerland"]["continent"] == "Europe" and facts["Switzerland"]["capital"] == "Bern"
    assert facts["Brazil"]["population"] > 100_000_000
    assert sum("continent" in properties for properties in facts.values()) > 0.95 * len(facts)


def test_the_cities_are_those_of_over_a_million() -> None:
    features = data.cities()["features"]
    people = [feature["properties"]["population"] for feature in features]
    assert 300 < len(features) < 1000 and min(people) > 1_000_000 and people == sorted(people, reverse=True)
    assert len({feature["id"] for feature in features}) == len(features)


def test_without_the_built_page_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "COUNTRIES", tmp_path / "none.geojson")
    with pytest.raises(StartupError, match="page is not built"):
        data.countries()
