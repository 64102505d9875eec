"""SQLite on a disk that fails: refused as unavailable, nothing half there, and well again with the disk."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mapsrv.errors import StoreUnavailable
from mapsrv.store import Component, Ok
from mapsrv.store.sqlite import EXPLAINED, explain, open_sqlite

SECRET = "an-unguessable-session-id"


@contextmanager
def failing_writes(store) -> Iterator[str]:
    """The kernel refuses every write of this process beyond the first KiB of a file."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield "disk failed"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full_disk(store) -> Iterator[str]:
    """The file may not grow: SQLite says SQLITE_FULL, as it does when the kernel says ENOSPC."""
    store.database.execute("PRAGMA max_page_count = 1")  # it takes the present size
    try:
        yield "disk is full"
    finally:
        store.database.execute("PRAGMA max_page_count = 1073741823")


posix = pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE")
troubles = pytest.mark.parametrize("trouble", [pytest.param(failing_writes, marks=posix), full_disk])


@troubles
async def test_what_the_disk_refuses_is_unavailable_and_wholly_absent(tmp_path, history, trouble):
    path = str(tmp_path / "maps.sqlite")
    small, large = history.of("small"), history.of(SECRET)
    async with open_sqlite(path) as store:
        for made in (small, large):
            await store.create(made.session_id, made.head, now=1)
        await store.commit([small.take("k1"), large.take("k1")])
        before = [await store.load("small"), await store.load(SECRET)]
        batches = [
            small.batch("k2", components={"title": Component(b"x")}),
            large.batch("k2", "k3", size=100_000, components={"title": Component(b"x" * 100_000)}),
        ]
        with trouble(store) as said:
            for _ in range(3):
                with pytest.raises(StoreUnavailable) as caught:
                    await store.commit(batches)
                assert said in caught.value.message and SECRET not in caught.value.message
                assert caught.value.temporary
                assert [await store.load("small"), await store.load(SECRET)] == before
        assert await store.commit(batches) == [Ok(), Ok()]
    async with open_sqlite(path) as store:
        assert (await store.load(SECRET)).head == batches[1].entries[-1].record.head


async def test_an_error_in_the_middle_leaves_nothing_of_any_batch(tmp_path, history):
    one, two = history.of("s1"), history.of(SECRET)
    async with open_sqlite(str(tmp_path / "maps.sqlite")) as store:
        for made in (one, two):
            await store.create(made.session_id, made.head, now=1)
        before = [await store.load("s1"), await store.load(SECRET)]
        never_sent = two.batch("k1", "k1", components={"title": Component(b"x")})
        with pytest.raises(StoreUnavailable):
            await store.commit([one.batch("k1", components={"title": Component(b"x")}), never_sent])
        assert [await store.load("s1"), await store.load(SECRET)] == before
        assert await store.commit([one.batch("k1")]) == [Ok()]


@troubles
async def test_a_blob_that_the_disk_refuses_is_not_there_and_can_be_sent_again(tmp_path, trouble):
    body = bytes(range(256)) * 8_000
    async with open_sqlite(str(tmp_path / "maps.sqlite")) as store:
        with trouble(store), pytest.raises(StoreUnavailable):
            await store.put_blob("ab" * 32, body, now=1)
        assert await store.get_blob("ab" * 32) is None
        await store.put_blob("ab" * 32, body, now=1)
        assert await store.get_blob("ab" * 32) == body


@posix
async def test_a_store_closes_on_a_failing_disk_and_opens_on_a_sound_one(tmp_path, history):
    path, made = str(tmp_path / "maps.sqlite"), history.of("s1")
    async with open_sqlite(path) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1", size=100_000)])
        trouble = failing_writes(store)
        trouble.__enter__()
    trouble.__exit__(None, None, None)
    async with open_sqlite(path) as store:
        assert (await store.load("s1")).head == made.head


async def test_a_damaged_page_is_unavailable_and_says_so(tmp_path, history):
    path, made = tmp_path / "maps.sqlite", history.of("s1")
    async with open_sqlite(str(path)) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1")])
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    async with open_sqlite(str(path)) as store:
        with pytest.raises(StoreUnavailable, match="damaged"):
            await store.load("s1")


async def test_a_blob_swept_while_it_is_written_or_read_is_no_half_blob(tmp_path):
    body, name = b"x" * 3_000_000, "ab" * 32
    async with open_sqlite(str(tmp_path / "maps.sqlite")) as store:
        real, swept = store.slice, 0

        async def sweep_first(work, *args):
            nonlocal swept
            swept += 1
            if swept == 3:
                store.slice = real
                await store.sweep(before=99)
            return await real(work, *args)

        store.slice = sweep_first
        with pytest.raises(StoreUnavailable, match="send it again"):
            await store.put_blob(name, body, now=1)
        await store.put_blob(name, body, now=1)
        swept, store.slice = 0, sweep_first
        assert await store.get_blob(name) is None


@pytest.mark.parametrize("code", [*EXPLAINED, sqlite3.SQLITE_BUSY, None])
def test_every_error_is_explained(code):
    error = sqlite3.OperationalError("near a secret")
    if code is not None:
        error.sqlite_errorcode, error.sqlite_errorname = code | 7 << 8, "SQLITE_X"
    message = explain(error).message
    assert EXPLAINED.get(code, "could not be used") in message
    assert "secret" not in message
