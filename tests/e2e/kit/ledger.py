"""How often each call was done on the history that won: by its title, and by its key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import redis

from tests.store.kit import valkey


@dataclass
class Ledger:
    """The events of one map, read while they are in Redis, which keeps the newest; by epoch and revision."""

    session: str
    events: dict[str, dict[int, bytes]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    follows: dict[str, tuple[str, int]] = field(default_factory=dict)  # where the history of an epoch began
    epoch: str = ""

    def read(self, server: valkey.Server) -> None:
        """Take in what is there now."""
        with redis.Redis(port=server.port, decode_responses=True, socket_timeout=5) as client:
            reading = client.pipeline(transaction=True)
            reading.hgetall(f"map_meta:{{{self.session}}}")
            reading.xrange(f"map_log:{{{self.session}}}")
            meta, log = reading.execute()
        self.epoch = meta["epoch"]
        if meta.get("from"):
            epoch, revision = meta["from"].replace(".", " ").replace(",", " ").split()[:2]
            self.follows[self.epoch] = epoch, int(revision)
        for place, fields in log:
            self.events.setdefault(self.epoch, {})[int(place.partition("-")[0])] = fields["body"].encode()
            self.keys.add(fields["key"].partition(" ")[0])  # it names its author after that

    def saw(self, seen: Mapping[str, bytes]) -> None:
        """Take in what a viewer saw, by position: more than Redis had when it was read."""
        for position, body in seen.items():
            epoch, revision, _check = position.split(".")
            self.events.setdefault(epoch, {}).setdefault(int(revision), body)

    def titles(self) -> Counter[str]:
        """Return how often each title was given."""
        found: Counter[str] = Counter()
        epoch, last = self.epoch, float("inf")
        while epoch:
            for revision, body in self.events.get(epoch, {}).items():
                if revision <= last:
                    found.update(op["title"] for op in json.loads(body)["ops"] if op["op"] == "set_title")
            epoch, last = self.follows.get(epoch, ("", 0))
        return found
