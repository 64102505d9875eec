"""SQLite under kill -9: nothing acknowledged is lost, nothing is half there, and the file is free again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mapsrv.core.log import Head
from mapsrv.errors import StartupError
from mapsrv.store import KeyRecord
from mapsrv.store.sqlite import open_sqlite

CRASHER = Path(__file__).parent / "kit" / "crasher.py"
SOURCE = Path(__file__).resolve().parents[2]
SESSIONS, EVENTS, KILLS = ["s0", "s1", "s2"], 4, 20


@contextmanager
def crasher(path: Path, what: str, word: str = "w") -> Iterator[subprocess.Popen[str]]:
    """A process that has the store open, as its first line has said when it is read. Killed at the end."""
    arguments = [sys.executable, str(CRASHER), str(path), what, word]
    # The same mapsrv as this process imports: the installed one, or the one of PYTHONPATH.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=env, cwd=SOURCE) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_after(path: Path, what: str, word: str, lines: int) -> list[str]:
    """Everything it acknowledged until it was killed, in the middle of something, after so many lines."""
    with crasher(path, what, word) as process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()  # acknowledged before the signal came
    assert process.returncode == -9
    return [line.strip() for line in said if line.endswith("\n")]


def rounds(keys: tuple[KeyRecord, ...]) -> list[str]:
    """The rounds whose keys are there, each checked to be whole."""
    names = [record.key.rpartition(".")[0] for record in keys]
    assert names == [name for name in names[::EVENTS] for _ in range(EVENTS)]
    return names[::EVENTS]


async def test_what_was_acknowledged_survives_kill_9_and_batches_are_whole(tmp_path):
    path, choose, acknowledged = tmp_path / "maps.sqlite", random.Random(7), []
    async with open_sqlite(str(path)) as store:
        for name in SESSIONS:
            await store.create(name, Head.of_epoch(name), now=1)
    for i in range(KILLS):
        acknowledged += killed_after(path, "commit", f"w{i}", choose.randint(1, 30))
        wal = Path(f"{path}-wal")
        assert wal.stat().st_size > 0  # so what comes next reads a WAL that a crash left behind
        async with open_sqlite(str(path)) as store:
            stored = [await store.load(name) for name in SESSIONS]
        there = rounds(stored[0].keys)
        assert all(rounds(one.keys) == there for one in stored)
        assert {name for name in acknowledged[-1_000:] if name.startswith(f"w{i}.")} <= set(there)
        for one in stored:
            assert one.components == {"title": there[-1].encode()}
            assert one.head == one.log[-1].record.head == one.keys[-1].head
            head = one.base
            for entry in one.log:
                head = head.next(entry.record.key, entry.body)
                assert head == entry.record.head
    assert set(acknowledged[-1_000:]) <= set(there)


async def test_a_blob_is_whole_or_absent_after_kill_9(tmp_path):
    path = tmp_path / "maps.sqlite"
    for i in range(3):
        names = killed_after(path, "blobs", f"w{i}", 2 + i)
        async with open_sqlite(str(path)) as store:
            for name in names:
                assert await store.get_blob(name) == name.encode() * 300_000
            unfinished = f"w{i}.{len(names)}"
            # The kill may come when all of it is in the file, and its writer has not said so yet.
            if await store.get_blob(unfinished) is None:
                await store.put_blob(unfinished, b"x" * 1_000_000, now=1)
                assert await store.get_blob(unfinished) == b"x" * 1_000_000
            else:
                assert await store.get_blob(unfinished) == unfinished.encode() * 300_000
            assert await store.sweep(before=2) == (0, len(names) + 1)
            # What the kill left of the unfinished one is gone as well.
            for table in ("blobs", "chunks"):
                assert store.database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_a_second_opener_is_told_who_has_the_file_until_that_is_killed(tmp_path):
    path = tmp_path / "maps.sqlite"
    with crasher(path, "hold") as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StartupError) as caught:
            async with open_sqlite(str(path)):
                pass
        assert f"process {process.pid}, at http://127.0.0.1:8081/" in caught.value.message
        os.link(path, tmp_path / "by another name")
        with pytest.raises(StartupError, match="Another program has"):
            async with open_sqlite(str(tmp_path / "by another name")):
                pass
        process.kill()
        process.wait()
        async with open_sqlite(str(path)) as store:
            assert await store.load("s0") is None
