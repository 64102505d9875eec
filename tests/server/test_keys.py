"""Where keys come from: a file that was named, one beside the maps, or the store that pods share."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import trio

from mapsrv.config import Config
from mapsrv.errors import StartupError, StoreAway, StoreUnavailable
from mapsrv.secret_keys import MAX_KEYS, MIN_KEY, new_key
from mapsrv.server.keys import (
    AGAIN_SECONDS,
    LOOK_SECONDS,
    MAX_FILE,
    SUFFIX,
    load_or_make,
    open_keys,
    read_secret_file,
)
from mapsrv.store.memory import MemoryStore
from tests.hub.kit.shared import SharedMemory

KEYS = [b"a" * MIN_KEY, b"b" * 64, b"c" * 43]
REDIS = Config(store="redis://localhost:6379/0")


# --- a file that was named ----------------------------------------------------------


def test_each_line_of_a_secret_file_is_a_key_and_the_first_signs(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    for written in (b"\n".join(KEYS), b"\r\n".join(KEYS) + b"\r\n", b"\n" + b" \n\n".join(KEYS) + b"\n\n"):
        path.write_bytes(written)
        assert read_secret_file(path) == KEYS


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"", "is empty"),
        (b"\n  \n\r\n", "is empty"),
        (b"a" * (MIN_KEY - 1), "too short"),
        (KEYS[1] + b"\nhunter2\n", "too short"),
        (b"\n".join(new_key() for _ in range(MAX_KEYS + 1)), "more than"),
        (b"a" * (MAX_FILE + 1), "more than"),
        (None, "cannot be read"),
    ],
)
async def test_a_secret_file_that_is_none_is_told_of_in_one_sentence(
    tmp_path: Path, written: bytes | None, told: str
) -> None:
    path = tmp_path / "secret"
    if written is not None:
        path.write_bytes(written)
    with pytest.raises(StartupError) as refused:
        async with open_keys(Config(secret_file=path), MemoryStore()):
            raise AssertionError("it was opened")
    message = refused.value.message
    assert told in message and message.startswith(("--secret-file", "A key in --secret-file"))
    assert message.endswith(".") and "\n" not in message and "hunter2" not in message


def test_a_folder_is_no_secret_file(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be read"):
        read_secret_file(tmp_path)


async def test_who_has_a_secret_file_asks_the_store_for_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\n".join(KEYS))
    shared = SharedMemory(MemoryStore())
    async with open_keys(Config(store=REDIS.store, secret_file=tmp_path / "secret"), shared) as keys:
        assert keys.all == tuple(KEYS)
    assert await shared.secret(b"the first") == b"the first"


# --- one beside the maps ------------------------------------------------------------


async def test_the_key_beside_the_maps_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    config = Config(store=f"sqlite:{tmp_path / 'maps.sqlite'}")
    (tmp_path / "link").symlink_to(tmp_path / "maps.sqlite")
    found = []
    for one in (config, config, Config(store=f"sqlite:{tmp_path / 'link'}")):
        async with open_keys(one, MemoryStore()) as keys:
            found.append(keys.all)
    path = tmp_path / f"maps.sqlite{SUFFIX}"
    assert found == [found[0]] * 3 and [path.read_bytes().strip()] == list(found[0])
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", path.name], "and nothing else is left"


def test_of_many_that_race_for_the_key_all_take_the_same(tmp_path: Path) -> None:
    path, found = tmp_path / "maps.sqlite.secret", []
    ready = threading.Barrier(8)

    def race() -> None:
        ready.wait()
        found.append(load_or_make(path))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 8 and len(found[0]) >= MIN_KEY


@pytest.mark.parametrize(("written", "mode"), [(b"", 0o600), (b"short", 0o600), (b"k" * 43, 0o644)])
def test_a_key_that_is_none_or_that_others_may_have_read_is_made_anew(
    tmp_path: Path, written: bytes, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "maps.sqlite.secret"
    path.write_bytes(written)
    path.chmod(mode)
    key = load_or_make(path)
    assert key != written and load_or_make(path) == key and path.stat().st_mode & 0o777 == 0o600
    assert len(caplog.records) == 1 and key.decode() not in caplog.text


def test_where_no_key_can_be_written_the_server_starts_with_one_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "maps.sqlite.secret"
    path.mkdir()
    assert len(load_or_make(path)) >= MIN_KEY
    assert len(load_or_make(tmp_path / "nowhere" / "maps.sqlite.secret")) >= MIN_KEY
    assert caplog.text.count("cannot be written") == 2 and os.listdir(tmp_path) == [path.name]


async def test_in_memory_each_process_has_a_key_of_its_own() -> None:
    async with open_keys(Config(), MemoryStore()) as one, open_keys(Config(), MemoryStore()) as other:
        assert one.signing != other.signing


# --- one that pods share ------------------------------------------------------------


class Away:
    """Has a shared store not answer, or answer with something else."""

    def __init__(self, shared: SharedMemory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        self.answer: bytes | None = None
        self.asked = 0
        really = shared.secret

        async def secret(mine: bytes) -> bytes:
            self.asked += 1
            if (error := self.error) is not None:
                await trio.lowlevel.checkpoint()
                raise error
            return await really(mine) if self.answer is None else self.answer

        monkeypatch.setattr(shared, "secret", secret)


@pytest.fixture
def shared() -> SharedMemory:
    return SharedMemory(MemoryStore())


@pytest.fixture
def line(shared: SharedMemory, monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(shared, monkeypatch)


async def test_pods_sign_by_the_same_key(shared: SharedMemory, autojump_clock: Any) -> None:
    async with open_keys(REDIS, shared) as a, open_keys(REDIS, shared) as b:
        assert a.signing == b.signing == await shared.secret(b"another")


async def test_a_store_that_was_emptied_gets_the_key_back(shared: SharedMemory, autojump_clock: Any) -> None:
    async with open_keys(REDIS, shared) as a, open_keys(REDIS, shared) as b:
        before = a.signing
        shared.lose_everything()
        await trio.sleep(LOOK_SECONDS + 1)
        assert a.signing == b.signing == before == await shared.secret(b"another")


async def test_a_pod_that_finds_another_key_takes_it_and_keeps_its_own(
    shared: SharedMemory, autojump_clock: Any
) -> None:
    async with open_keys(REDIS, shared) as keys:
        before, other = keys.signing, new_key()
        shared.lose_everything()
        await shared.secret(other)  # a new pod came first
        await trio.sleep(LOOK_SECONDS + 1)
        assert keys.all[:2] == (other, before)


async def test_a_pod_that_begins_without_the_store_takes_its_key_when_it_is_back(
    shared: SharedMemory, line: Away, autojump_clock: Any
) -> None:
    theirs = await shared.secret(new_key())
    line.error = StoreAway("Redis does not answer.")
    async with open_keys(REDIS, shared) as keys:
        mine = keys.signing
        await trio.sleep(LOOK_SECONDS)
        assert keys.all[0] == mine != theirs
        line.error = None
        await trio.sleep(2 * AGAIN_SECONDS)
        assert keys.signing == theirs and mine in keys.all


async def test_a_key_in_the_store_that_is_none_is_not_signed_by(
    shared: SharedMemory, line: Away, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    line.answer = b"hunter2"
    async with open_keys(REDIS, shared) as keys:
        assert len(keys.signing) >= MIN_KEY
        line.error = StoreUnavailable("What stands there is of another type.")
        await trio.sleep(LOOK_SECONDS + 1)
        assert len(keys.all) == 1 and line.asked == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert "hunter2" not in caplog.text and keys.signing.decode() not in caplog.text


async def test_nobody_looks_after_the_end(shared: SharedMemory, line: Away, autojump_clock: Any) -> None:
    async with open_keys(REDIS, shared):
        pass
    asked = line.asked
    await trio.sleep(3 * LOOK_SECONDS)
    assert line.asked == asked
