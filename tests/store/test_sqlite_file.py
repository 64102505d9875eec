"""The SQLite file itself: how it is made, shared with nobody, refused at startup, and closed."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import stat
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import trio

from mapsrv.core.log import Head
from mapsrv.errors import StartupError, StoreUnavailable
from mapsrv.store import FORMAT
from mapsrv.store.lock import Holder, read_holder
from mapsrv.store.sqlite import open_sqlite
from mapsrv.store.sqlite import store as sqlite_store


async def refusal(path: Path | str) -> str:
    with pytest.raises(StartupError) as caught:
        async with open_sqlite(str(path)):
            pass
    message = caught.value.message
    assert re.fullmatch(r"[^\n]+\.", message) and "--store sqlite:PATH" in message or "is a folder" in message
    return message


async def make(path: Path) -> None:
    async with open_sqlite(str(path)) as store:
        await store.create("s1", Head.of_epoch("e"), now=1)


async def test_the_folder_and_the_files_are_made_for_the_owner_alone(tmp_path):
    path = tmp_path / "new" / "folder" / "maps.sqlite"
    async with open_sqlite(str(path)) as store:
        await store.create("s1", Head.of_epoch("e"), now=1)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"maps.sqlite": 0o600, "maps.sqlite-wal": 0o600, "maps.sqlite.lock": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_clean_close_leaves_no_wal_and_an_empty_lock_file(tmp_path):
    path = tmp_path / "maps.sqlite"
    await make(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["maps.sqlite", "maps.sqlite.lock"]
    assert read_holder(f"{path}.lock") == Holder()
    async with open_sqlite(str(path)) as store:
        assert await store.exists("s1")


async def test_every_commit_is_synced_and_the_log_is_a_wal(tmp_path):
    async with open_sqlite(str(tmp_path / "maps.sqlite")) as store:
        pragmas = ["journal_mode", "synchronous", "locking_mode", "user_version"]
        said = [store.database.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert said == ["wal", 2, "exclusive", FORMAT]


async def test_a_second_store_in_this_process_is_refused_too_by_any_name(tmp_path):
    path, link = tmp_path / "maps.sqlite", tmp_path / "link"
    async with open_sqlite(str(path)) as store:
        link.symlink_to(path)
        for name in (path, link, tmp_path / "." / "maps.sqlite"):
            assert f"open in another mapsrv (process {os.getpid()})" in await refusal(name)
        assert await store.create("s1", Head.of_epoch("e"), now=1)  # the first is none the worse
        assert read_holder(f"{path}.lock") == Holder(os.getpid())


async def test_no_other_program_can_open_the_file_meanwhile(tmp_path):
    path = tmp_path / "maps.sqlite"
    async with open_sqlite(str(path)):
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA schema_version')"
        arguments = [sys.executable, "-c", code, str(path)]
        ran = await trio.run_process(arguments, capture_stderr=True, check=False)
    assert b"database is locked" in ran.stderr


async def test_a_file_that_another_program_has_open_is_refused_and_then_taken(tmp_path):
    path = tmp_path / "maps.sqlite"
    await make(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "Another program has" in await refusal(path)
    other.close()
    await make(path)


async def test_a_newer_format_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "maps.sqlite"
    await make(path)
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {FORMAT + 1}")
    other.close()
    before = path.read_bytes()
    assert f"newer mapsrv (format {FORMAT + 1}, this one reads {FORMAT})" in await refusal(path)
    assert path.read_bytes() == before


async def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "bookmarks.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    assert "another program" in await refusal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 50, b"SQLite format 3\0" + b"\xff" * 4080])
async def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "maps.sqlite"
    path.write_bytes(content)
    assert "damaged, or no database" in await refusal(path)
    assert path.read_bytes() == content


async def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "maps.sqlite").touch()
    await make(tmp_path / "maps.sqlite")


async def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in await refusal(tmp_path)


async def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert "Nothing can be written in the folder" in await refusal(tmp_path / "file" / "maps.sqlite")


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="POSIX permissions")
@pytest.mark.parametrize(
    ("folder_mode", "said"), [(0o555, "Nothing can be written in"), (0o777, "cannot be written")]
)
async def test_what_may_not_be_written_is_refused(folder_mode, said):
    code = (
        "import os, sys; from mapsrv.store.sqlite.file import open_file\n"
        "os.getuid() or os.setuid(65534)  # root may write anything: be nobody\n"
        "try: open_file(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Not pytest's folder, which nobody could reach at all.
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "inner" / "maps.sqlite"
        await make(path)
        path.with_name("maps.sqlite.lock").unlink()
        folder.chmod(0o755)
        path.chmod(0o400)
        path.parent.chmod(folder_mode)
        arguments = [sys.executable, "-c", code, str(path)]
        ran = await trio.run_process(arguments, capture_stdout=True, env=env)
        path.parent.chmod(0o700)
    assert ran.stdout.startswith(b"StartupError") and said in ran.stdout.decode()


async def test_a_commit_that_has_begun_outlives_its_cancelled_caller(tmp_path, history):
    made = history.of("s1")
    async with open_sqlite(str(tmp_path / "maps.sqlite")) as store:
        await store.create("s1", made.head, now=1)
        begun = threading.Event()
        store.database.set_trace_callback(lambda text: text.startswith("INSERT INTO events") and begun.set())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.commit, [made.take("k1")])
            await trio.to_thread.run_sync(begun.wait)
            nursery.cancel_scope.cancel()
        assert (await store.load("s1")).head == made.head


def until_unlocked(path: str) -> None:
    with open(path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


async def test_closing_gives_up_at_its_bound_and_the_file_stays_locked_until_done(tmp_path, monkeypatch):
    path = tmp_path / "maps.sqlite"
    monkeypatch.setattr(sqlite_store, "CLOSE_SECONDS", 0.01)
    stalled = threading.Event()

    def slow() -> None:
        stalled.wait(5)
        close()

    async with open_sqlite(str(path)) as store:
        close, store.database.close = store.database.close, slow
    assert "open in another mapsrv" in await refusal(path)
    stalled.set()
    await trio.to_thread.run_sync(until_unlocked, f"{path}.lock")
    await make(path)


async def test_a_store_that_was_closed_answers_that_it_is_unavailable(tmp_path):
    async with open_sqlite(str(tmp_path / "maps.sqlite")) as store:
        pass
    with pytest.raises(StoreUnavailable):
        await store.exists("s1")


@pytest.mark.parametrize("text", [b"", b"no json", b"[1]", b'{"pid": "x", "url": 7}', b"\xff"])
def test_a_lock_file_with_any_text_names_nobody(tmp_path, text):
    (tmp_path / "lock").write_bytes(text)
    assert str(read_holder(str(tmp_path / "lock"))) == "its process is not known"
