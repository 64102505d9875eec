"""All that a store ever was told, by position: what no single moment of it shows.

Each position has one state and one line of keys, whatever was lost since. It is kept beside the model
store and never read by what is tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import trio

from mapsrv.core.apply import apply_all
from mapsrv.core.log import Head
from mapsrv.core.state import MapState
from mapsrv.store import Entry
from mapsrv.store.shared import Seed
from mapsrv.wire.codec import decode_event, state_bytes
from mapsrv.wire.parts import base_state, layer_components, layer_from_bytes


@dataclass(frozen=True)
class Node:
    """What stands at one position: the state, and the keys of all that led to it."""

    state: MapState
    keys: tuple[str, ...] = ()
    parent: str | None = None


class History:
    """Every position that was ever committed."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.began: dict[str, float] = {}  # epoch -> when

    def at(self, head: Head) -> Node:
        return self.nodes[str(head.position)]

    def begin(self, head: Head) -> None:
        self.began[head.epoch] = trio.current_time()
        self.nodes[str(head.position)] = Node(MapState())

    def add(self, after: Head, entry: Entry) -> None:
        head, record = entry.record.head, entry.record
        assert head == after.next(record.key, entry.body), "an event follows the head that it says"
        before = self.at(after)
        assert record.key not in before.keys, f"a key is done at most once: {record.key}"
        state = apply_all(before.state, decode_event(entry.body)[2])
        self._put(head, Node(state, (*before.keys, record.key), str(after.position)))

    def begin_anew(self, seed: Seed) -> None:
        assert seed.head.revision == seed.came_from[0].revision and seed.head.epoch != seed.came_from[0].epoch
        self.began[seed.head.epoch] = trio.current_time()
        source = self.nodes[str(seed.came_from[0])]
        parts = {name: part.value for name, part in seed.components.items() if part.value is not None}
        layers = [layer_from_bytes(name, body) for name, body in layer_components(parts)]
        state = base_state(parts).with_layers(layers)
        assert state_bytes(state) == state_bytes(source.state), "a seed is the map as it was there"
        assert {record.key for record in seed.keys} >= set(source.keys), "a seed knows all that was done"
        self._put(seed.head, Node(state, source.keys, str(seed.came_from[0])))

    def _put(self, head: Head, node: Node) -> None:
        known = self.nodes.setdefault(str(head.position), node)
        assert known.parent == node.parent and known.keys == node.keys, "one position, one history"
