"""How often each command was done on the history that won, read from Redis itself.

After Redis lost something a history begins anew with what the pods remember: `from` in map_meta names
where the older one ended, and what viewers saw of that one tells the rest.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import redis

from tests.failures.record import Record, key_of
from tests.store.kit import valkey


def times_done(server: valkey.Server, sessions: Iterable[str], record: Record) -> Counter[str]:
    """Return how many events did what each command asks, by the command's key."""
    done: Counter[str] = Counter()
    with redis.Redis(port=server.port, decode_responses=True) as client:
        for session in sessions:
            meta: dict[str, str] = client.hgetall(f"map_meta:{{{session}}}")
            log = [fields for _id, fields in client.xrange(f"map_log:{{{session}}}")]
            seen = record.events[session]
            for body in [*_before(meta, seen), *(fields["body"] for fields in log)]:
                done.update(done_by(json.loads(body)["ops"]))
            keys = Counter(fields["key"] for fields in log)
            record.wrong += [f"the key {key} is in the log {n} times" for key, n in keys.items() if n > 1]
    return done


def _before(meta: Mapping[str, str], seen: Mapping[str, bytes]) -> list[bytes]:
    """Return the events that viewers saw of the history before the log, as far as they are beyond doubt."""
    base = int(meta.get("base", 0))
    found = _until(seen, meta.get("epoch", ""), base)
    if meta.get("from"):
        epoch, revision = _place(meta["from"])
        found += _until(seen, epoch, revision)
    return found


def _place(text: str) -> tuple[str, int]:
    """Return epoch and revision of `from`, written as a position or as words."""
    parts = text.replace(".", " ").replace(",", " ").split()
    return parts[0], int(parts[1])


def _until(seen: Mapping[str, bytes], epoch: str, last: int) -> list[bytes]:
    """Return the events of an epoch up to a revision, but those of which there were two."""
    by_revision: defaultdict[int, list[bytes]] = defaultdict(list)
    for position, body in seen.items():
        its, revision, _check = position.split(".")
        if its == epoch and int(revision) <= last:
            by_revision[int(revision)].append(body)
    return [bodies[0] for bodies in by_revision.values() if len(bodies) == 1]


def done_by(ops: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the keys of the commands that the ops are what was asked of."""
    keys = []
    for op in ops:
        if op["op"] == "put_layer":
            keys.append(key_of(op["layer"]["id"], hides=False))
        elif op["op"] == "set_layer" and "visible" in op:
            keys.append(key_of(op["id"], hides=True))
    return keys
