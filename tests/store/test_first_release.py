"""What the first release wrote opens with every map equal, in a file and in Redis.

tests/releases has what it wrote, and how that is written anew.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from mapsrv.core.log import Origin, Position
from mapsrv.errors import StartupError
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store import FORMAT, Store
from mapsrv.store.redis import open_redis
from mapsrv.store.sqlite import open_sqlite
from mapsrv.store.sqlite.file import open_file
from mapsrv.wire.calls import parse_command_body
from tests.releases.write import AUTHORS, HERE, commands
from tests.store.kit import valkey

WRITTEN: dict[str, dict[str, Any]] = json.loads((HERE / "first.json").read_text("utf-8"))


@asynccontextmanager
async def first_sqlite(folder: Path) -> AsyncIterator[Store]:
    path = folder / "maps.sqlite"
    if not path.exists():
        shutil.copy(HERE / "first.sqlite3", path)
    async with open_sqlite(str(path)) as store:
        yield store


@asynccontextmanager
async def first_redis(folder: Path) -> AsyncIterator[Store]:
    shutil.copy(HERE / "first.rdb", folder / "first.rdb")
    with valkey.running(folder, "--dbfilename", "first.rdb") as server:
        async with open_redis(server.url) as store:
            yield store


OPENED = {"sqlite": first_sqlite, "redis": first_redis}


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Hub]:
    async with OPENED[kind](folder) as store:
        async with open_hub(store, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
            yield hub


@pytest.mark.parametrize("kind", sorted(OPENED))
async def test_every_map_of_the_first_release_is_equal(tmp_path: Path, kind: str) -> None:
    async with opened(kind, tmp_path) as hub:
        for name, written in WRITTEN[kind].items():
            async with hub.open_current(written["session_id"]) as live:
                assert live.state.to_json() == written["state"], name
                assert all(layer.added is None for layer in live.state)
                told = [Position.parse(text) for text in written["told"]]
                assert [event.head.position for event in live.session.log] == told
                for layer in live.state:
                    assert await hub.documents.summary(layer.source) is not None or layer.id == "tiles"


@pytest.mark.parametrize("kind", sorted(OPENED))
async def test_its_keys_are_answered_as_they_were_and_its_maps_go_on(tmp_path: Path, kind: str) -> None:
    written = WRITTEN[kind]["every op"]
    async with opened(kind, tmp_path) as hub:
        for number, (command, arguments) in enumerate(commands()["every op"]):
            body = {"command": command, "arguments": arguments, "id": f"k{number}"}
            key, asked = parse_command_body(body)
            author = Origin(*AUTHORS[number % 2])
            receipt = await hub.execute(written["session_id"], asked, author, key)
            assert str(receipt.position) == written["told"][number], "a retry is no new command"
        async with hub.open_current(written["session_id"]) as live:
            assert live.state.to_json() == written["state"]
            before = live.position.revision
            _, asked = parse_command_body({"command": "add_layer", "arguments": commands()["plain"][1][1]})
            await hub.execute(live.id, asked, Origin("person", "p1", "Ana"))
            assert live.position.revision == before + 1
            assert (made := live.state.layers["stations"].added) is not None and made.name == "Ana"


async def test_a_file_is_brought_up_once_with_a_copy_of_what_it_was_beside_it(tmp_path: Path) -> None:
    was = (HERE / "first.sqlite3").read_bytes()
    for _ in range(2):
        async with first_sqlite(tmp_path):
            pass
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["maps.sqlite", "maps.sqlite.format-1", "maps.sqlite.lock"]
    with closing(sqlite3.connect(tmp_path / "maps.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    copy = tmp_path / "maps.sqlite.format-1"
    assert copy.stat().st_mode & 0o777 == 0o600
    (tmp_path / "first.sqlite3").write_bytes(was)
    assert _dump(copy) == _dump(tmp_path / "first.sqlite3")


async def test_what_stands_in_the_wal_alone_is_in_the_copy_too(tmp_path: Path) -> None:
    shutil.copy(HERE / "first.sqlite3", tmp_path / "first.sqlite3")
    writer = sqlite3.connect(tmp_path / "first.sqlite3", isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("UPDATE components SET value = '\"Newest\"' WHERE name = 'title'")
    for end in ("", "-wal"):  # as a process that was killed leaves it
        shutil.copy(tmp_path / f"first.sqlite3{end}", tmp_path / f"maps.sqlite{end}")
    writer.close()
    async with first_sqlite(tmp_path):
        pass
    assert any("Newest" in line for line in _dump(tmp_path / "maps.sqlite.format-1"))


async def test_without_room_for_the_copy_the_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "maps.sqlite"
    shutil.copy(HERE / "first.sqlite3", path)
    (tmp_path / "maps.sqlite.format-1.partial").mkdir()
    with pytest.raises(StartupError, match="cannot be written"):
        open_file(str(path))
    (tmp_path / "maps.sqlite.format-1.partial").rmdir()
    assert _dump(path) == _dump(HERE / "first.sqlite3") and not Path(f"{path}.format-1").exists()
    async with opened("sqlite", tmp_path) as hub:
        for written in WRITTEN["sqlite"].values():
            assert await hub.exists(written["session_id"])


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        version = database.execute("PRAGMA user_version").fetchone()
        return [f"version {version}", *database.iterdump()]


async def test_what_a_killed_process_left_of_a_copy_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "maps.sqlite.format-1.partial").write_bytes(b"SQLite format 3\0 and then no more")
    async with first_sqlite(tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.iterdir())[1] == "maps.sqlite.format-1"
    assert _dump(tmp_path / "maps.sqlite.format-1") == _dump(HERE / "first.sqlite3")
    assert not (tmp_path / "maps.sqlite.format-1.partial").exists()
