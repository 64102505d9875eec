"""The demo draws over every transport, through a real client, and the map has what it drew."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from mapsrv.demo.story import TITLE
from tests.e2e.kit.server import Server, running
from tests.kit.ports import free_port
from tests.stdio.kit.host import announced, end_server

SECONDS = 60


def demo(folder: Path, *flags: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MAPSRV_DATA_DIR": str(folder), **more}
    command = [sys.executable, "-m", "mapsrv", "demo", "--no-open", "--pace", "0", *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)


def drawn(server: Server, said: str) -> str:
    """Check the map whose link the demo told, and return its id."""
    found = re.search(r"Done\. The map stays: ([^?]+)\?session=([^\s#]+)", said)
    assert found, said
    state = server.state(found[2])["state"]
    layers = {layer["id"]: layer for layer in state["layers"]}
    assert list(layers) == ["demo-density", "demo-cities", "demo-notes"]
    cities = json.loads(urlopen(f"{server.url}/{layers['demo-cities']['source']['data']}").read())["features"]
    assert 300 < len(cities) < 1000 and min(city["properties"]["population"] for city in cities) > 1_000_000
    notes = layers["demo-notes"]["source"]["data"]["features"]
    assert len(notes) == 5 and all(" million people" in note["properties"]["note"] for note in notes)
    assert all(layer["visible"] for layer in layers.values()) and not layers["demo-density"].get("filter")
    assert layers["demo-cities"]["filter"] == [">=", ["get", "population"], 5_000_000]
    assert (state["title"], state["camera"]["center"]) == (TITLE, [15, 20])
    return found[2]


@pytest.mark.parametrize("transport", ["sse", "http"])
def test_it_draws_on_the_running_server(tmp_path: Path, transport: str) -> None:
    with running(tmp_path) as server:
        ended = demo(tmp_path, "--transport", transport)
        assert ended.returncode == 0, ended.stderr
        drawn(server, ended.stdout)
        for tool in (
            "add_layer",
            "find_places",
            "filter_layer",
            "set_map_view",
            "update_features",
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


def test_a_map_that_somebody_named_keeps_its_title(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session = server.new_map()
        server.command(session, "open_map", title="Ours")
        ended = demo(tmp_path, "--session", session)
        assert ended.returncode == 0, ended.stderr
        assert server.state(session)["state"]["title"] == "Ours"


@pytest.mark.parametrize("browser", ["", "/bin/false"])
def test_it_says_when_no_browser_could_be_opened(tmp_path: Path, browser: str) -> None:
    with running(tmp_path) as server:
        bare = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": browser, "PATH": "/nowhere"}
        ended = demo(tmp_path, "--open", "--session", server.new_map(), **bare)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.count("No browser could be opened here. Open the map yourself") == 1


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
