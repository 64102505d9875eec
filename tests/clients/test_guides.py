"""What docs/clients/ tells people to paste: programs run as they stand, snippets are what clients read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from mapsrv.config import parse
from tests.e2e.kit.server import Server, running, wait_until
from tests.kit import node
from tests.store.kit.valkey import die_with_parent
from tests.test_docs import ROOT
from tests.test_pages import dead_links

GUIDES = {path.stem: path for path in sorted((ROOT / "docs" / "clients").glob("*.md"))}
SECONDS = 60.0


def blocks(page: str, language: str) -> list[str]:
    """Return a page's blocks of code in a language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", GUIDES[page].read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with running(tmp_path) as server:
        yield server


def drawn(server: Server, url: str) -> list[dict[str, Any]]:
    """Return the layers of the map at a link."""
    assert url.startswith(f"{server.url}/?session=")
    layers: list[dict[str, Any]] = server.state(url.partition("session=")[2])["state"]["layers"]
    return layers


def program(folder: Path, page: str, language: str, number: int = 0) -> Path:
    """Write a page's program into a folder in which npm's packages can be found."""
    node.installed()
    (folder / "program").mkdir()
    (folder / "program" / "node_modules").symlink_to(node.MODULES)
    written = folder / "program" / f"program.{'mjs' if language == 'js' else 'py'}"
    written.write_text(blocks(page, language)[number], encoding="utf-8")
    return written


def test_the_program_with_the_javascript_sdk_draws(server: Server, tmp_path: Path) -> None:
    done = node.run(program(tmp_path, "javascript", "js"), server.url, home=tmp_path)
    assert done.returncode == 0, done.stderr
    (layer,) = drawn(server, done.stdout.strip())
    assert layer["title"] == "Bern"


def test_the_program_without_a_library_follows_what_it_and_others_do(server: Server, tmp_path: Path) -> None:
    words = [
        node.node(),
        "--experimental-eventsource",
        str(program(tmp_path, "javascript", "js", 1)),
        server.url,
    ]
    told = tmp_path / "told"
    with told.open("wb") as out, (tmp_path / "warnings").open("wb") as warnings:
        home = node.environment(tmp_path)
        process = subprocess.Popen(die_with_parent(words), stdout=out, stderr=warnings, env=home)

    def is_done() -> bool:
        return all(word in told.read_text() for word in ("http", "(hidden)"))

    try:
        wait_until(lambda: process.poll() is not None or is_done(), SECONDS)
        lines = told.read_text().splitlines()
        url = next(line for line in lines if line.startswith("http"))
        # A line an event, of which the camera's change no layer.
        assert list(dict.fromkeys(line for line in lines if line != url)) == ["Bern", "Bern (hidden)"]
        (layer,) = drawn(server, url)
        assert layer["visible"] is False
        server.command(url.partition("session=")[2], "remove_layer", layer_id="bern")
        wait_until(lambda: told.read_text().endswith("(hidden)\n\n") or process.poll() is not None, SECONDS)
        assert process.poll() is None, told.read_text()
    finally:
        process.kill()
        process.wait()


def test_the_python_program_draws(server: Server, tmp_path: Path) -> None:
    words = [sys.executable, str(program(tmp_path, "python", "python")), server.url]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (layer,) = drawn(server, done.stdout.strip())
    assert layer["title"] == "Bern"


@pytest.mark.parametrize("page", [page for page in GUIDES if blocks(page, "json")])
def test_what_is_to_be_pasted_into_a_clients_file_starts_mapsrv_or_names_its_address(page: str) -> None:
    for block in blocks(page, "json"):
        (servers,) = json.loads(block).values()
        (entry,) = servers.values()
        assert servers.keys() == {"mapsrv"}
        if "command" in entry:
            assert entry["command"].endswith("/mapsrv") and parse(entry["args"], {}).command == "stdio"
        else:
            assert urlsplit(entry["url"]).path == "/mcp" and entry.get("type", "http") == "http"


def test_litellms_file_names_the_map_and_a_server_behind_the_bridge() -> None:
    (block,) = blocks("litellm", "yaml")
    servers = yaml.safe_load(block)["mcp_servers"]
    assert {entry["transport"] for entry in servers.values()} == {"http"}
    assert urlsplit(servers["mapsrv"]["url"]).path == "/mcp"
    assert urlsplit(servers["memory"]["url"]).path == "/servers/memory/mcp"


@pytest.mark.parametrize("page", GUIDES)
def test_each_page_says_what_one_sees_and_what_goes_wrong_and_its_links_lead_somewhere(page: str) -> None:
    text = GUIDES[page].read_text("utf-8")
    assert dead_links(GUIDES[page]) == []
    assert page == "README" or ("**You should see**" in text and "**What goes wrong**" in text)
    assert page == "README" or f"({page}.md)" in GUIDES["README"].read_text("utf-8")
