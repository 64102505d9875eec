"""A page as the laws see it: it folds what its stream brings, and knows its position."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mapsrv.core.apply import apply_all
from mapsrv.core.log import Position
from mapsrv.core.state import MapState
from mapsrv.hub.hub import Hub
from mapsrv.wire.codec import decode_event, state_bytes
from tests.kit.sse import Message, Parser


class Viewer:
    """`saw` is told each position with the state that this page has there."""

    def __init__(self, session_id: str, author: str, saw: Callable[[str, bytes], None]) -> None:
        self.session_id, self.author = session_id, author
        self._saw = saw
        self.cursor: Position | None = None
        self.state = MapState()
        self.status: dict[str, Any] = {}
        self.refused: set[str] = set()  # keys that it was told of
        self.newest: dict[str, int] = {}  # revision by epoch, as it was shown last
        self.fell: tuple[str, int] | None = None  # an epoch in which it was shown less than before, and what

    async def watch(self, hub: Hub, name: str, fell: Callable[[str, int], None]) -> None:
        """Read a stream, from where the last one ended, until it is cancelled.

        `fell` is told when it shows less than was seen before in an epoch: which, and up to where.
        """
        about: Any = {"viewer": name, "name": "", "url": "http://h/"}
        author = ("person", self.author)
        async with hub.subscribe(self.session_id, self.cursor, author=author, **about) as stream:
            parser = Parser()
            while True:
                while (frames := stream.take()) is not None:
                    for message in parser.feed(frames):
                        self.take(message)
                        if self.fell is not None:
                            fell(*self.fell)
                            self.fell = None
                assert self.cursor == stream.cursor
                await stream.wait()

    def take(self, message: Message) -> None:
        value = json.loads(message.data)
        if message.event == "status":
            self.status = value
            self.refused.update(f"{one['id']} person:{self.author}" for one in value["refused"])
        elif message.event in ("snapshot", "event"):
            position = Position.parse(message.id)
            assert position is not None
            if message.event == "snapshot":
                assert value["position"] == message.id
                self.state = MapState.from_json(value["state"])
            else:
                before = self.cursor
                assert before is not None and position.epoch == before.epoch
                assert position.revision == before.revision + 1, "events come one after the other"
                self.state = apply_all(self.state, decode_event(message.data)[2])
            if position.revision < self.newest.get(position.epoch, -1):
                self.fell = position.epoch, self.newest[position.epoch]
            self.newest[position.epoch] = position.revision
            self.cursor = position
            self._saw(message.id, state_bytes(self.state))
