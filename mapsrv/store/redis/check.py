"""Whether a Redis can be used at all, asked once at the start: one plain sentence where it cannot."""

from __future__ import annotations

from mapsrv.errors import StartupError, StoreUnavailable
from mapsrv.store.redis.layout import STORE, Reply
from mapsrv.store.redis.link import Link, word_of
from mapsrv.store.redis.target import Target

LEAST = "7.0"  # of Redis; every Valkey is later. EXPIRE ... GT is the newest that is used

_NOBODY = "map_data:nobody"  # never written


async def check(link: Link, target: Target, new_id: str) -> None:
    """Give the store an id, if it has none yet. Raises StartupError when it cannot be used."""
    try:
        info, expire, stream, _set, store_id = await link.pipe(
            [
                ("INFO", "server"),
                ("EXPIRE", _NOBODY, 1, "GT"),
                ("XTRIM", _NOBODY, "MAXLEN", 0),
                ("SET", STORE, new_id, "NX"),
                ("GET", STORE),
            ]
        )
    except StoreUnavailable as error:
        raise StartupError(_unreachable(target, error)) from error
    for reply in (expire, stream):
        if isinstance(reply, Exception):
            raise StartupError(_unfit(target, info, reply)) from reply
    for reply in (_set, store_id):
        if isinstance(reply, Exception):
            raise StartupError(_unfit(target, None, reply)) from reply
    if not isinstance(store_id, bytes) or not store_id:
        raise StartupError(f"map_store in {target.shown} is empty: delete it, or name another database.")


def _unreachable(target: Target, error: StoreUnavailable) -> str:
    cause = error.__cause__ or error
    if word_of(cause) in ("NOAUTH", "WRONGPASS"):
        return (
            f"Redis at {target.shown} refused the password: correct it after --store,"
            f" as in {target.scheme}://USER:PASSWORD@..."
        )
    if target.settings.get("ssl") and "certificate" in str(cause).lower():
        return f"The certificate of Redis at {target.shown} is not trusted: add ?ca=PATH of its authority's."
    if target.sentinels and "No master" in str(cause):
        return f"No sentinel of {target.shown} knows a master of that name: check both after --store."
    return f"Redis at {target.shown} cannot be reached: start it, or correct the address after --store."


def _unfit(target: Target, info: Reply, error: Exception) -> str:
    text = str(error)
    word = word_of(error)
    if word == "NOPERM":
        return f"Redis at {target.shown} does not allow its user what mapsrv needs: {text}."
    if word == "READONLY":
        return f"Redis at {target.shown} is a replica, which cannot be written: name the master."
    if word or "WRONGTYPE" in text:
        return f"Redis at {target.shown} cannot be used: {text}."
    found = f"Redis at {target.shown} is too old ({_version(info)})"
    return f"{found}: mapsrv needs Redis {LEAST} or later, or Valkey."


def _version(info: Reply) -> str:
    lines = info.decode(errors="replace").splitlines() if isinstance(info, bytes) else []
    for line in lines:
        name, _, value = line.partition(":")
        if name == "redis_version":
            return value
    return "its version is not known"
