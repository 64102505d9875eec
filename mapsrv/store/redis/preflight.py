"""Whether a Redis can be used at all, asked once at the start: one plain sentence where it cannot.

Nothing is written to one that is refused, and no password is in any sentence.
"""

from __future__ import annotations

import logging
import re

from mapsrv.errors import StartupError, StoreUnavailable
from mapsrv.store.redis.address import Address
from mapsrv.store.redis.client import Client
from mapsrv.store.redis.errors import word_of
from mapsrv.store.redis.keys_and_values import Reply, identity_commands

LEAST = (7, 0)  # of Redis; every Valkey is later. EXPIRE ... GT is the newest command that is used

_NOBODY = "map_data:nobody"  # never written

log = logging.getLogger("mapsrv.redis")


async def check(client: Client, address: Address, new_id: str) -> None:
    """Give the store an id, if it has none yet. Raises StartupError when it cannot be used."""
    try:
        info, expire, stream = await client.pipe(
            [("INFO",), ("EXPIRE", _NOBODY, 1, "GT"), ("XTRIM", _NOBODY, "MAXLEN", 0)]
        )
        facts = _facts(info)
        _check_version(address, facts.get("redis_version", ""))
        for reply in (expire, stream):
            if isinstance(reply, Exception):
                raise StartupError(_unfit(address, reply)) from reply
        _set, store_id = await client.pipe(identity_commands(new_id))
    except StoreUnavailable as error:
        raise StartupError(_unreachable(address, error)) from error
    for reply in (_set, store_id):
        if isinstance(reply, Exception):
            raise StartupError(_unfit(address, reply)) from reply
    if not isinstance(store_id, bytes) or not store_id:
        raise StartupError(f"map_store in {address.shown} is empty: delete it, or name another database.")
    _warn(address, facts)


def _facts(info: Reply) -> dict[str, str]:
    """Return what INFO says; nothing for a user who may not ask."""
    lines = info.decode(errors="replace").splitlines() if isinstance(info, bytes) else []
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


def _check_version(address: Address, version: str) -> None:
    numbers = re.match(r"(\d{1,5})\.(\d{1,5})", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < LEAST:
        needed = f"mapsrv needs Redis {LEAST[0]}.{LEAST[1]} or later, or Valkey"
        raise StartupError(f"Redis at {address.shown} is too old ({version[:20]}): {needed}.")


def _warn(address: Address, facts: dict[str, str]) -> None:
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        log.warning(
            "Redis at %s may throw maps away when its memory is full (maxmemory-policy %s):"
            " set its maxmemory-policy to noeviction",
            address.shown,
            policy[:40],
        )


def _unreachable(address: Address, error: StoreUnavailable) -> str:
    cause = error.__cause__ or error
    said = str(cause)
    if word_of(cause) in ("NOAUTH", "WRONGPASS"):
        return (
            f"Redis at {address.shown} refused the password: correct it after --store,"
            f" as in {address.scheme}://USER:PASSWORD@..."
        )
    if word_of(cause):
        return _unfit(address, cause)
    if "DB index" in said:
        return f"Redis at {address.shown} has no database of that number: correct it after --store."
    if address.settings.get("ssl") and "certificate" in said.lower():
        return f"The certificate of Redis at {address.shown} is not trusted: add ?ca=PATH of its authority's."
    if address.settings.get("ssl") and "No such file" in said:
        return f"A file for TLS with {address.shown} is not there: correct what follows the ? after --store."
    if address.sentinels and "No master" in said:
        return f"No sentinel of {address.shown} knows a master of that name: check both after --store."
    if "Protocol Error" in said:
        return f"What answers at {address.shown} is not a Redis: correct the address after --store."
    if address.settings.get("ssl"):
        without = "or, without TLS, write redis:// for rediss://"
        return f"Redis at {address.shown} cannot be reached: start it, {without}."
    return f"Redis at {address.shown} cannot be reached: start it, or correct the address after --store."


def _unfit(address: Address, error: BaseException) -> str:
    word = word_of(error)
    if word == "NOPERM":
        return (
            f"Redis at {address.shown} does not allow its user what mapsrv needs: give it ~map_* &map* +@all."
        )
    if word in ("READONLY", "MASTERDOWN"):
        return f"Redis at {address.shown} is a replica, which cannot be written: name the master."
    if word in ("MOVED", "CLUSTERDOWN"):
        return f"Redis at {address.shown} is one of a cluster, which mapsrv cannot use: name another."
    if word in _REASONS:
        return f"Redis at {address.shown} {_REASONS[word]}, and try again."
    if "WRONGTYPE" in str(error):
        return f"map_store in {address.shown} is of another type: delete it, or name another database."
    return f"Redis at {address.shown} does not know a command that mapsrv needs: name Redis 7.0 or later."


_REASONS = {
    "OOM": "has no memory left: have its maxmemory raised",
    "MISCONF": "cannot write to its disk: have it checked",
    "LOADING": "is still starting: wait a moment",
    "BUSY": "is busy with a script: wait a moment",
    "NOREPLICAS": "has too few replicas: have them checked",
}
