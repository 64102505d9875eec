"""What passes over `mapsrv stdio`: pure JSON-RPC, results unchanged, refusals in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from mapsrv.local.front import parted
from tests.e2e.kit.server import wait_until
from tests.stdio.kit.host import LATEST, announced, hosting

POINT = {"type": "Point", "coordinates": [7.4, 46.9]}


def test_stdout_carries_json_rpc_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    """Regression 4: whatever a library prints, in Python or below it, goes to stderr."""
    code = (
        "import os, sys, mapsrv.transports.mcp_stdio as stdio\n"
        "from mapsrv.__main__ import main\n"
        "real = stdio.forward\n"
        "async def noisy(*args):\n"
        "    print('stray print'); sys.stdout.flush()\n"
        "    os.write(1, b'stray write'); os.system('echo stray child')\n"
        "    return await real(*args)\n"
        "stdio.forward = noisy\n"
        "code = main(); print('stray end'); sys.exit(code)\n"
    )
    (tmp_path / "mapsrv_noisy.py").write_text(code)
    with hosting(folder, "--no-open", module="mapsrv_noisy", cwd=tmp_path) as host:
        host.told("open_map", new=True)
        assert host.close() == 0
    assert [json.loads(line)["jsonrpc"] for line in host.lines[:2]] == ["2.0", "2.0"]
    assert [line for line in host.lines if not line.startswith(b"{")] == [
        b"stray end"
    ]  # after the connection
    assert {"stray print", "stray child"} <= set(host.log.replace("stray write", "").split("\n"))


def test_both_revisions_of_the_protocol_are_spoken(folder: Path) -> None:
    with hosting(folder, "--no-open", hello=False) as host:
        client = {
            "io.modelcontextprotocol/protocolVersion": LATEST,
            "io.modelcontextprotocol/clientInfo": {"name": "Ana", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        found = host.request("server/discover", {"_meta": client})
        assert found["supportedVersions"] == [LATEST] and found["instructions"]
        call = {"name": "open_map", "arguments": {"new": True}, "_meta": client}
        assert host.request("tools/call", call)["structuredContent"]["session_id"]


def test_a_result_is_passed_on_unchanged(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        result = host.call("open_map", new=True, title="Lakes")
        assert result["structuredContent"]["title"] == "Lakes" and result["isError"] is False
        assert "Nobody has this map open" in result["content"][-1]["text"]
        refused = host.call(
            "remove_layer", session_id=result["structuredContent"]["session_id"], layer_id="no"
        )
        assert refused["isError"] is True and "no" in refused["content"][0]["text"]


def test_null_arguments_reach_the_server(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        session = host.told("open_map", new=True)["session_id"]
        host.told("add_layer", session_id=session, id="here", source=POINT)
        host.told(
            "set_layer_paint", session_id=session, layer_id="here", property="circle-color", value="#f00"
        )
        told = host.told(
            "set_layer_paint", session_id=session, layer_id="here", property="circle-color", value=None
        )
        assert told["changed"] == ["here"]


def test_the_author_is_the_host_by_its_name(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        assert host.told("open_map", title="Ana's")["title"] == "Ana's"
        # A second call without session_id stays on the map that the first one made.
        assert host.told("open_map")["title"] == "Ana's"


@pytest.mark.parametrize(
    "source", ["places.geojson", "./places.geojson", {"type": "geojson", "data": "places.geojson"}]
)
def test_a_relative_path_is_read_from_the_assistants_folder(
    folder: Path, tmp_path: Path, source: Any
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "places.geojson").write_text(json.dumps(POINT))
    with hosting(folder, "--no-open", cwd=work) as host:
        assert host.told("add_layer", id="here", source=source)["changed"] == ["here"]


def test_no_files_are_read_where_that_was_forbidden(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "places.geojson").write_text(json.dumps(POINT))
    with hosting(folder, "--no-open", "--no-files", cwd=tmp_path) as host:
        result = host.call("add_layer", id="here", source="places.geojson")
        assert result["isError"] is True


def test_a_message_that_is_too_large_is_refused_with_the_way_round(folder: Path) -> None:
    line = {"type": "LineString", "coordinates": [[i / 1000, 0] for i in range(40_000)]}
    with hosting(folder, "--no-open") as host:
        result = host.call("add_layer", id="line", source=line)
    assert result["isError"] is True
    assert "256 KiB" in result["content"][0]["text"] and "path" in result["content"][0]["text"]


def test_a_server_that_cannot_start_is_told_as_every_calls_result(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a file, and no folder")
    with hosting(folder, "--no-open", "--store", f"sqlite:{tmp_path}/notes.txt/maps.sqlite") as host:
        for _ in range(2):
            result = host.call("get_map_state")
            said = result["content"][0]["text"]
            assert result["isError"] is True and str(tmp_path) in said
            assert said.count("\n") == 0 and "Traceback" not in said
        assert host.request("tools/list")["tools"]


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("a file, and no folder")
    with hosting(tmp_path / "notes.txt" / "data", "--no-open", log=tmp_path) as host:
        result = host.call("get_map_state")
    assert result["isError"] is True and "--data-dir" in result["content"][0]["text"]


def _browser(tmp_path: Path) -> tuple[str, Path]:
    """Return a value of $BROWSER, and the file in which that browser notes the links."""
    links, script = tmp_path / "links", tmp_path / "browser"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nprint('hello')\n"
        f"open({str(links)!r}, 'a').write(sys.argv[1] + '\\n')\n"
    )
    script.chmod(0o755)
    return str(script), links


def test_the_first_call_opens_the_browser_on_its_map_once(folder: Path, tmp_path: Path) -> None:
    browser, links = _browser(tmp_path)
    with hosting(folder, environ={"BROWSER": browser}) as host:
        assert "Nobody has this map open" in host.call("list_layers")["content"][-1]["text"]
        wait_until(links.exists)
        page = Path(urlsplit(links.read_text().strip()).path)
        assert page.parent == folder and page.stat().st_mode & 0o777 == 0o600
        told = host.told("add_layer", id="here", source=POINT)
        assert f"url={parted(told['url'])[0]}#front=" in page.read_text()
        host.told("toggle_layer", session_id=told["session_id"], layer_id="here")
        host.told("get_map_state", session_id=told["session_id"])
        host.close()
    assert links.read_text().splitlines() == [page.as_uri()], "and no token is on a command line"


def test_a_browser_that_cannot_read_its_page_gets_the_plain_address_and_the_next_answer_tells(
    folder: Path, tmp_path: Path
) -> None:
    browser, links = _browser(tmp_path)
    with hosting(folder, environ={"BROWSER": browser}) as host:
        told = host.told("open_map", new=True)
        plain, _ = parted(told["url"])
        wait_until(lambda: links.exists() and len(links.read_text().splitlines()) == 2, 100)
        assert links.read_text().splitlines()[1] == plain
        with urlopen(plain.replace("/?", "/events?")) as stream:
            assert stream.readline()
            said = host.call("list_layers", session_id=told["session_id"])["content"]
        assert f"by this link: {plain}#front=" in said[-1]["text"]


def test_no_browser_is_opened_when_told_so(folder: Path, tmp_path: Path) -> None:
    browser, links = _browser(tmp_path)
    with hosting(folder, "--no-open", environ={"BROWSER": browser}) as host:
        result = host.call("add_layer", id="here", source=POINT)
    assert result["isError"] is False, result
    assert result["structuredContent"]["url"] in result["content"][-1]["text"]
    assert not links.exists()


def test_server_json_is_for_its_user_alone_and_goes_with_the_server(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        host.told("open_map", new=True)
        file = folder / "server.json"
        assert file.stat().st_mode & 0o777 == 0o600
        said = announced(folder)
        assert set(said) == {"url", "pid", "version", "secret"}
        assert said["secret"] not in (folder / "server.log").read_text()
        subprocess.run(["kill", str(said["pid"])], check=True)
        wait_until(lambda: not file.exists())
