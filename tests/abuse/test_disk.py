"""The file under a real server: deleted, replaced, moved away and back, overwritten; and a disk that is full.

Whatever happens, what was answered `disk` is in a file that a restart finds, and /ready tells the rest.
"""

from __future__ import annotations

import resource
import shutil
import sqlite3
import urllib.request
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from mapsrv.store.sqlite.file import SCHEMA
from tests.e2e.kit.server import NO_TLS, Server, running
from tests.e2e.test_full_disk import POINT, ask, ready, room
from tests.kit.sse import Parser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the file, which is another than the server's own."""
    (tmp_path / "maps").mkdir()
    return tmp_path / "maps"


def flags(folder: Path) -> tuple[str, str]:
    return "--store", f"sqlite:{folder / 'maps.sqlite'}"


def refused(server: Server, session_id: str, key: str) -> None:
    """Check that a change is refused, and that nobody is told a path."""
    answer = ask(server, session_id, "Never", key)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["temporary"]) == (503, "store_unavailable", True)
    assert "maps.sqlite" not in answer.text and "file of maps" in error["message"]
    said = ready(server)
    assert said["degraded"] is True and "file of maps" in said["reason"] and "sqlite" not in said["reason"]


def nothing(folder: Path) -> None:
    """Leave the place empty."""


def a_new_folder(folder: Path) -> None:
    folder.mkdir()


def another_database(folder: Path) -> None:
    folder.mkdir()
    other = sqlite3.connect(folder / "maps.sqlite")
    other.executescript(SCHEMA)
    other.close()


def an_empty_file(folder: Path) -> None:
    folder.mkdir()
    (folder / "maps.sqlite").touch()


IN_ITS_PLACE: tuple[Callable[[Path], None], ...] = (nothing, a_new_folder, another_database, an_empty_file)


def test_nothing_is_said_to_be_on_disk_that_a_restart_would_not_find(tmp_path: Path, folder: Path) -> None:
    """Moved away and back, each time with something else in its place; deleted in the end."""
    away = tmp_path / "away"
    with running(tmp_path, *flags(folder)) as server:
        session_id = server.new_map()
        server.command(session_id, "open_map", title="Before")
        with urllib.request.urlopen(f"{server.url}/events?session={session_id}", timeout=30) as stream:
            for n, put in enumerate(IN_ITS_PLACE):
                folder.rename(away)
                put(folder)
                refused(server, session_id, f"refused-{n}")
                shutil.rmtree(folder, ignore_errors=True)
                away.rename(folder)
                again = ask(server, session_id, f"After {n}", f"taken-{n}")
                assert (again.status_code, again.json()["durability"]) == (200, "disk")
                assert ready(server) == {"status": "ready"}
            head, parser, seen = again.json()["position"], Parser(), []
            while not any(message.id == head for message in seen):  # on the stream of before
                seen += parser.feed(stream.readline())
        before = server.state(session_id)
        server.stop(9)
        assert "Traceback" not in server.log and server.log.count("store=back") == len(IN_ITS_PLACE)
        server.start()
        assert server.state(session_id) == before and before["state"]["title"] == f"After {n}"

        for file in folder.iterdir():
            file.unlink()
        refused(server, session_id, "k1")
        refused(server, session_id, "k1")
        for path in ("/sessions", f"/data?session={session_id}"):
            collection = {"type": "FeatureCollection", "features": []}
            answer = httpx2.post(server.url + path, json=collection if "data" in path else {}, verify=NO_TLS)
            assert answer.status_code == 503 and "file of maps" in answer.text
        assert server.state(session_id) == before and server.answers("/health")
        assert server.log.count("store=gone") == len(IN_ITS_PLACE) + 1
        server.stop()
        server.start()  # with what stands there now
        assert ready(server) == {"status": "ready"}
        server.command(server.new_map(), "open_map", title="Anew")
    assert "Traceback" not in server.log


def overwrite(path: Path) -> None:
    """Have the second half be noise, the document that was written last."""
    with open(path, "r+b") as file:
        half = path.stat().st_size // 2 & ~4095
        file.seek(half)
        file.write(b"\xff" * half)


def test_a_damaged_database_is_told_from_the_start_and_when_it_is_met(tmp_path: Path, folder: Path) -> None:
    path, copy = folder / "maps.sqlite", tmp_path / "copy"
    with running(tmp_path, *flags(folder)) as server:
        session_id = server.new_map()
        server.command(session_id, "open_map", title="Whole")
        # More than the 2 MiB that SQLite keeps in memory.
        feature = {**POINT, "properties": {"text": "t" * 4_000}}
        large = {"type": "FeatureCollection", "features": [feature] * 1_000}
        answer = httpx2.post(f"{server.url}/data?session={session_id}", json=large, timeout=60, verify=NO_TLS)
        data = f"{server.url}/{answer.raise_for_status().json()['data']}"
        server.stop()
        shutil.copy(path, copy)
        server.start()
        assert ready(server) == {"status": "ready"}
        overwrite(path)
        refusal = httpx2.get(data, timeout=20, verify=NO_TLS)
        assert refusal.status_code == 503 and "damaged" in refusal.text and "sqlite" not in refusal.text
        said = ready(server)
        assert said["degraded"] is True and "damaged" in said["reason"] and "sqlite" not in said["reason"]
        server.stop(9)
        server.start()
        assert ready(server) == said, "before anybody has read it"
        assert server.state(session_id)["state"]["title"] == "Whole"
        assert "Traceback" not in server.log and server.log.count('"event":"store=damaged"') == 2
        server.stop()
        shutil.copy(copy, path)
        server.start()
        assert ready(server) == {"status": "ready"}
        assert httpx2.get(data, timeout=20, verify=NO_TLS).status_code == 200


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux sets another process's limits")
def test_a_server_killed_on_a_full_disk_had_all_that_it_answered(tmp_path: Path, folder: Path) -> None:
    with running(tmp_path, *flags(folder)) as server:
        session_id, done = server.new_map(), "Untitled map"
        room(server, 512 * 1024)
        for n in range(200):
            if ask(server, session_id, f"title {n}", f"key-{n}").status_code != 200:
                break
            done = f"title {n}"
        assert ready(server)["degraded"] is True
        server.stop(9)
        server.start()
        assert server.state(session_id)["state"]["title"] == done and done != "Untitled map"
    assert "Traceback" not in server.log
