"""What an error of Redis or of its client means, and what is wrong with a key, in words for who asked."""

from __future__ import annotations

import re

import trio
from redis import exceptions

from mapsrv.errors import NewerFormat, StoreAway, StoreUnavailable
from mapsrv.store.damage import damaged
from mapsrv.store.redis.keys_and_values import Newer, Reply, key_of

# What a reply that begins so means: it concerns the whole server, so the store is away.
EXPLAINED = {
    "OOM": "Redis, where the maps are kept, has no memory left: have its maxmemory raised.",
    "MISCONF": "Redis, where the maps are kept, cannot write to its disk: have it checked.",
    "READONLY": "Redis, where the maps are kept, is only a copy now: try again in a moment.",
    "LOADING": "Redis, where the maps are kept, is starting: try again in a moment.",
    "BUSY": "Redis, where the maps are kept, is busy with a script: try again in a moment.",
    "MASTERDOWN": "Redis, where the maps are kept, has lost its master: try again in a moment.",
    "NOREPLICAS": "Redis, where the maps are kept, has too few replicas: have them checked.",
    "NOAUTH": "Redis, where the maps are kept, wants a password: have the address after --store checked.",
    "WRONGPASS": "Redis, where the maps are kept, refused the password: have it checked.",
    "NOPERM": "Redis, where the maps are kept, does not allow that: have the rights of its user checked.",
    "CLUSTERDOWN": "Redis, where the maps are kept, is a cluster that is down: have it checked.",
    "MOVED": "Redis, where the maps are kept, is one of a cluster, which mapsrv cannot use: name another.",
}
UNREAD = "does not parse"
IN_DOUBT = "It is not known whether the change was made: send it again with the same id."

# The client cuts the word off the errors that it has classes for.
_WORDS: dict[type[BaseException], str] = {
    exceptions.AuthenticationError: "NOAUTH",
    exceptions.BusyLoadingError: "LOADING",
    exceptions.MasterDownError: "MASTERDOWN",  # before its parent
    exceptions.ClusterDownError: "CLUSTERDOWN",
    exceptions.MovedError: "MOVED",
    exceptions.NoPermissionError: "NOPERM",
    exceptions.OutOfMemoryError: "OOM",
    exceptions.ReadOnlyError: "READONLY",
}
# Where one command keeps a transaction from running, it writes "Command # 1 (...) ...: ('OOM ...',)".
_FIRST_WORD = re.compile(r"(?:\A|\bcaused error: \(['\"])([A-Z]+)\b")


def word_of(error: BaseException) -> str:
    """Return the word that an error of Redis begins with, where it is one of EXPLAINED, else nothing."""
    known = (word for kind, word in _WORDS.items() if isinstance(error, kind))
    words = (word for word in _FIRST_WORD.findall(str(error)) if word in EXPLAINED)
    return next(known, next(words, ""))


def explain(error: BaseException) -> StoreUnavailable:
    """Return the refusal for an error of the client or the server: StoreAway for what concerns all maps."""
    if word := word_of(error):
        return StoreAway(f"{EXPLAINED[word]} ({word})", retry_after=1)
    if isinstance(error, exceptions.ResponseError):
        said = "Redis, where the maps are kept, refused a command: have its log checked."
        return StoreUnavailable(f"{said} ({type(error).__name__})")
    if isinstance(error, (trio.TooSlowError, exceptions.TimeoutError)):
        return StoreAway(f"Redis, where the maps are kept, did not answer in time. {IN_DOUBT}", retry_after=1)
    return StoreAway(f"Redis, where the maps are kept, cannot be reached. {IN_DOUBT}", retry_after=1)


def raise_if_away(reply: Reply) -> None:
    """Raise StoreAway for a reply that concerns the whole server, not what was asked."""
    if isinstance(reply, Exception) and isinstance(error := explain(reply), StoreAway):
        raise error from reply


def refusal(session_id: str, kind: str, trouble: str) -> StoreUnavailable:
    """Return what a session is refused by for the trouble with its key of one kind."""
    return damaged(f"map_{kind}", f"{key_of(kind, session_id).decode()} in Redis", trouble)


def newer(session_id: str, error: Newer) -> NewerFormat:
    """Return what a session of a newer release is refused by."""
    found = f"{key_of(error.kind, session_id).decode()} in Redis was written by a newer release of mapsrv"
    why = f"{found} ({error.trouble}): another server will answer. Try again."
    return NewerFormat(why, retry_after=1)
