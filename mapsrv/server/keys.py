"""Where the keys come from that this process signs by: the file that was named, else a key made once.

That one lies beside the SQLite file, or in Redis, where all pods take the same: the first who looks puts
its own there. Each pod looks again all the time. Where it finds another key it signs by that one from then
on, and keeps its own for verifying; where it finds none, as Redis was emptied, it puts back the one that it
signs by, which is what the others would have put there too. So what was signed outlives the Redis.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from mapsrv.config import Config
from mapsrv.errors import StartupError, StoreAway, StoreUnavailable
from mapsrv.local.files import make_private, read_private
from mapsrv.secret_keys import MAX_KEYS, MIN_KEY, SecretKeys, new_key
from mapsrv.store import Store
from mapsrv.store.shared import SharedStore

SUFFIX = ".secret"  # of the file beside the SQLite file
LOOK_SECONDS = 15.0  # between two looks at the key in Redis
AGAIN_SECONDS = 1.0  # the same, while Redis does not answer
MAX_FILE = 16 * 1024  # bytes: room for MAX_KEYS of the longest keys that anybody makes

log = logging.getLogger("mapsrv.server")


@asynccontextmanager
async def open_keys(config: Config, store: Store) -> AsyncIterator[SecretKeys]:
    """Yield the keys, kept in step with the store's where that has them. Raises StartupError."""
    kind, _, target = config.store.partition(":")
    if config.secret_file is not None:
        yield SecretKeys(await trio.to_thread.run_sync(read_secret_file, config.secret_file))
    elif isinstance(store, SharedStore):
        async with _open_shared(store) as keys:
            yield keys
    elif kind == "sqlite":
        yield SecretKeys([await trio.to_thread.run_sync(load_or_make, _beside(target))])
    else:
        yield SecretKeys()


def _beside(target: str) -> Path:
    """Return where the key of a SQLite file lies: one place, by whatever link the file is named."""
    return Path(os.path.realpath(os.path.expanduser(target)) + SUFFIX)


def read_secret_file(path: Path) -> list[bytes]:
    """Return the keys of a file, one a line, the one that signs first. Waits. Raises StartupError."""
    try:
        with open(path, "rb") as file:
            body = file.read(MAX_FILE + 1)
    except OSError as error:
        raise StartupError(f"--secret-file {path} cannot be read ({error.strerror}).") from error
    keys = [line.strip() for line in body.splitlines() if line.strip()]
    if not keys:
        raise StartupError(f"--secret-file {path} is empty: {_ADVICE}.")
    if len(body) > MAX_FILE or len(keys) > MAX_KEYS:
        raise StartupError(f"--secret-file {path} has more than {MAX_KEYS} keys: leave the oldest out.")
    if min(map(len, keys)) < MIN_KEY:
        raise StartupError(f"A key in --secret-file {path} is too short: {_ADVICE}.")
    return keys


_ADVICE = f"write keys of at least {MIN_KEY} characters, one a line, as `openssl rand -hex 32` makes them"


def load_or_make(path: Path) -> bytes:
    """Return the key in a file of this user's alone, made where there is none. Waits; for a thread.

    Where it cannot be written, what is signed ends with the process.
    """
    mine = new_key()
    try:
        found = _read(path)
        if found is None and path.exists() and (found := _read(path)) is None:  # not just made by another
            log.warning("The key beside the maps is none, or others may have read it: it is made anew")
            path.unlink(missing_ok=True)
        if found is None:
            make_private(path, mine + b"\n")
            found = _read(path)
    except OSError as error:
        log.warning("The key beside the maps cannot be written: %s", error.strerror)
        return mine
    return found or mine


def _read(path: Path) -> bytes | None:
    found = (read_private(path, MAX_FILE) or b"").strip()
    return found if len(found) >= MIN_KEY else None


@asynccontextmanager
async def _open_shared(store: SharedStore) -> AsyncIterator[SecretKeys]:
    keys = SecretKeys()
    answered = await _agree(keys, store)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_keep_in_step, keys, store, answered)
        yield keys
        nursery.cancel_scope.cancel()


async def _keep_in_step(keys: SecretKeys, store: SharedStore, answered: bool) -> None:
    while True:
        await trio.sleep(LOOK_SECONDS if answered else AGAIN_SECONDS)
        answered = await _agree(keys, store)


async def _agree(keys: SecretKeys, store: SharedStore) -> bool:
    """Sign by the store's key; return whether it answered."""
    try:
        found = await store.secret(keys.signing)
    except StoreAway:
        return False  # until then by the one that is known
    except StoreUnavailable as error:
        log.warning("The key in the store cannot be read: %s", error.message)
        return True
    if len(found) >= MIN_KEY:
        keys.sign_by(found)
    else:
        log.warning("The key in the store is too short, and is not used: delete map_secret")
    return True
