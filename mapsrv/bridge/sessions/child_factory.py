"""How the children of one server are made, and who keeps count of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from mapsrv.bridge.children.child import NOBODY, Child, start_child
from mapsrv.bridge.children.command import Command
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.children.reaper import Reaper
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.multiplexer.request_ids import MAX_CALLS
from mapsrv.bridge.multiplexer.tool_filter import ALL, Tools
from mapsrv.metrics.bridge import CRASHES, STARTS

RETRY_SECONDS = 5  # before who could not have a child should ask again


class Full(ChildEnded):
    """So many children run that no more are started."""

    code, status = "too_many_children", 503


@dataclass(slots=True)
class ChildFactory:
    """`most` bounds the children that there are at the same time, those that are ending too."""

    command: Command
    most: int = 1000
    calls: int = MAX_CALLS
    tools: Tools = ALL
    reaper: Reaper = NOBODY
    children: dict[Child, Multiplexer | None] = field(default_factory=dict)
    failure: tuple[float, ChildEnded] | None = None  # when one last ended that was not initialised, and how

    @property
    def name(self) -> str:
        """The server's name."""
        return self.command.name

    @property
    def able(self) -> bool:
        """Whether one runs that was initialised, and none failed to be since."""
        known = [
            multiplexer.answers.initialized_at
            for multiplexer in self.children.values()
            if multiplexer is not None
        ]
        at = max((when for when in known if when is not None), default=-math.inf)
        return at > (-math.inf if self.failure is None else self.failure[0])

    def start(self) -> Child:
        """Return a new child, which run() is to read. Raises ChildEnded."""
        if len(self.children) >= self.most:
            raise Full(f"{self.most} children of {self.name} run, and no more are started.", retry_after=10)
        try:
            child = self._new()
        except OSError as error:
            why = f"{self.name} cannot be started: {error.strerror}."
            self.failure = trio.current_time(), ChildEnded(why, retry_after=RETRY_SECONDS)
            raise self.failure[1] from error
        self.children[child] = None  # until it is read
        STARTS.labels(self.name).inc()
        return child

    def _new(self) -> Child:
        return start_child(self.command, self.reaper)

    async def run(
        self, child: Child, multiplexer: Multiplexer, ended: Callable[[ChildEnded], object]
    ) -> None:
        """Have the multiplexer hear a child, to its end."""
        self.children[child] = multiplexer
        try:
            await child.run(multiplexer.from_child, ended)
        finally:
            del self.children[child]
            if child.crashed:
                CRASHES.labels(self.name).inc()
            if child.crashed and child.ended is not None and multiplexer.answers.initialized_at is None:
                self.failure = trio.current_time(), child.ended
