"""A database that is deleted, moved or replaced underneath: nothing is acknowledged that is in no file."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from mapsrv.core.log import Head
from mapsrv.errors import StoreUnavailable
from mapsrv.store import Component, Ok
from mapsrv.store.sqlite import file, open_sqlite
from mapsrv.store.sqlite.watch import GONE, TORN

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there an open file stays where it is")

BLOB = "ab" * 32


def delete(path: Path) -> None:
    path.unlink()


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def move_the_folder_and_make_another(path: Path) -> None:
    move_the_folder(path)
    path.parent.mkdir()


def replace_by_a_database(path: Path) -> None:
    other = sqlite3.connect(path.with_name("other"))
    other.executescript(file.SCHEMA)
    other.close()
    path.with_name("other").replace(path)


def replace_by_nothing(path: Path) -> None:
    path.with_name("empty").touch()
    path.with_name("empty").replace(path)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def turn_the_link(path: Path) -> None:
    """The maps themselves are untouched, but a restart would not find them."""
    path.unlink()
    path.symlink_to(path.with_name("another"))


FAULTS = [
    delete,
    move_the_folder,
    move_the_folder_and_make_another,
    replace_by_a_database,
    replace_by_nothing,
    empty,
    turn_the_link,
]


@pytest.fixture
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    if "turn_the_link" in request.node.name:
        (folder / "maps.sqlite").symlink_to(folder / "real")
    return folder / "maps.sqlite"


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_write_is_acknowledged_and_reads_go_on(path, history, caplog, fault):
    made = history.of("s1")
    async with open_sqlite(str(path)) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1", components={"title": Component(b"1")})])
        await store.put_blob(BLOB, b"x", now=1)
        before = await store.load("s1")
        assert store.trouble is None
        fault(path)
        for write in (
            lambda: store.commit([made.batch("k2", components={"title": Component(b"2")})]),
            lambda: store.create("s2", Head.of_epoch("e"), now=1),
            lambda: store.put_blob("cd" * 32, b"y", now=1),
            lambda: store.renew_blob(BLOB, now=9),
            lambda: store.renew(["s1"], now=9),
            lambda: store.sweep(before=99),
        ):
            with pytest.raises(StoreUnavailable) as caught:
                await write()
            assert str(path.parent) not in caught.value.message and caught.value.temporary
        if fault is not empty:
            assert await store.load("s1") == before and not await store.exists("s2")
            assert await store.get_blob(BLOB) == b"x"
        assert store.trouble == GONE
    told = [
        (record.getMessage(), record.file) for record in caplog.records if "store=" in record.getMessage()
    ]
    assert told == [("store=gone", str(path))], "once, and by its name"


@pytest.mark.parametrize("moved", ["folder", "file"])
async def test_the_file_comes_back_and_nothing_acknowledged_is_lost(path, history, caplog, moved):
    caplog.set_level(logging.WARNING)
    made, away = history.of("s1"), path.parent.with_name("away")
    what = path.parent if moved == "folder" else path
    async with open_sqlite(str(path)) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1")])
        what.rename(away)
        refused = made.batch("k2")
        with pytest.raises(StoreUnavailable):
            await store.commit([refused])
        away.rename(what)
        assert await store.commit([made.take("k2")]) == [Ok()], "the refused one left nothing"
        said = caplog.records[-1]
        assert store.trouble is None and (said.getMessage(), said.file) == ("store=back", str(path))
    async with open_sqlite(str(path)) as store:
        assert [entry.record.key for entry in (await store.load("s1")).log] == ["k1", "k2"]


async def test_what_was_acknowledged_is_in_a_folder_that_was_moved_away_for_good(path, history):
    made, away = history.of("s1"), path.parent.with_name("away")
    async with open_sqlite(str(path)) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1")])
        path.parent.rename(away)
        path.parent.mkdir()
        (path.parent / "maps.sqlite-wal").write_bytes(b"another's")
    assert (path.parent / "maps.sqlite-wal").read_bytes() == b"another's"
    async with open_sqlite(str(away / "maps.sqlite")) as store:
        assert (await store.load("s1")).head == made.head


@pytest.mark.parametrize("fault", ["deleted", "replaced"])
async def test_a_wal_that_is_lost_under_its_database_costs_nothing(path, history, fault):
    made, wal = history.of("s1"), path.with_name("maps.sqlite-wal")
    async with open_sqlite(str(path)) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1")])
        if fault == "deleted":
            wal.unlink()
        else:
            wal.with_name("other").write_bytes(b"")
            wal.with_name("other").replace(wal)
        assert await store.commit([made.take("k2")]) == [Ok()]
        assert await store.commit([made.take("k3")]) == [Ok()]
        copies = path.parent.with_name("as kill -9 leaves it")
        shutil.copytree(path.parent, copies)
    for folder in (path.parent, copies):
        async with open_sqlite(str(folder / "maps.sqlite")) as store:
            assert (await store.load("s1")).head == made.head


@pytest.mark.parametrize("found", ["start", "first read"])
async def test_damage_is_told_as_soon_as_it_is_found_and_what_is_whole_is_served(
    path, history, caplog, monkeypatch, found
):
    if found == "first read":
        monkeypatch.setattr(file, "LOOKED_AT_START", 0)
    many = [history.of(f"s{n}") for n in range(60)]
    async with open_sqlite(str(path)) as store:
        for made in many:
            await store.create(made.session_id, made.head, now=1)
            await store.commit([made.take("k1", components={"title": Component(b"t" * 3_000)})])
    content = path.read_bytes()
    half = len(content) // 2 & ~4095
    path.write_bytes(content[:half] + b"\xff" * 8192 + content[half + 8192 :])
    async with open_sqlite(str(path)) as store:
        assert (store.trouble == TORN) == (found == "start")
        refused = 0
        for made in many:
            try:
                assert (await store.load(made.session_id)).head == made.head
            except StoreUnavailable as error:
                assert error.message.startswith(TORN)
                refused += 1
        assert 0 < refused < len(many) and store.trouble == TORN
    assert [(said.getMessage(), said.file) for said in caplog.records] == [("store=damaged", str(path))]


async def test_rows_that_do_not_fit_together_are_damage(path, history):
    made = history.of("s1")
    async with open_sqlite(str(path)) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1")])
        store.database.execute("DELETE FROM keys")
        with pytest.raises(StoreUnavailable, match="damaged"):
            await store.load("s1")
        assert store.trouble == TORN
