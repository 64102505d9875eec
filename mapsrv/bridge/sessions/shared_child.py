"""One child for all: started again when it ends, and initialised again as its first client did it.

Every client is told what the first one's initialize was answered with. While the child is away calls
wait a little, and are then refused; when it ends too often nothing is tried for a while.
"""

from __future__ import annotations

import logging
from typing import Any

import trio
from msgspec import UNSET, Raw, UnsetType

from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.bridge_requests import ask, open_requests
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.multiplexer.notifications import FOR_ALL
from mapsrv.bridge.revisions.handshake import initialize
from mapsrv.bridge.sessions.backoff import Backoff
from mapsrv.bridge.sessions.child_factory import ChildFactory
from mapsrv.metrics.bridge import RESTARTS

WAIT_SECONDS = 5.0  # that a call waits for a child that is being started
INITIALIZE_SECONDS = 60.0  # that a child gets to answer: some install themselves first


log = logging.getLogger("mapsrv.bridge")


class SharedChild:
    """run() keeps the child running; sessions have a SharedPort at it. `nursery` answers initialize."""

    def __init__(self, factory: ChildFactory, nursery: trio.Nursery) -> None:
        self.factory, self.nursery = factory, nursery
        self.answer: Message | None = None  # to the first client's initialize
        self.backoff = Backoff()
        self.level: Message | None = None  # the newest logging/setLevel, for the next child
        self._params: Raw | UnsetType = UNSET  # of that initialize
        self._first = trio.Lock()  # held while it is asked
        self._up = trio.Event()
        self._down = ChildEnded(f"{self.name} is being started.", retry_after=1)  # why it is not up
        self.multiplexer = Multiplexer(self._down, factory.name, factory.tools, factory.calls)

    @property
    def name(self) -> str:
        """The server's name."""
        return self.factory.name

    @property
    def is_up(self) -> bool:
        """Whether the child runs and knows all that the one before it knew."""
        return self._up.is_set()

    async def until_up(self) -> None:
        """Wait a little for a child that is being started. Raises ChildEnded."""
        if not self.is_up and not self.backoff.is_open:
            with trio.move_on_after(WAIT_SECONDS):
                await self._up.wait()
        if not self.is_up:
            raise self._down

    async def initialized(self, params: Any) -> Message:
        """Return what initialize is answered with; the first who asks has it asked. Raises ChildEnded."""
        async with self._first:
            if self.answer is None:
                await self.until_up()
                answer = await self._initialize(params)
                if answer.result is UNSET:
                    return answer  # the next client may do better
                self._params, self.answer = params, answer
            return self.answer

    async def _initialize(self, params: Any) -> Message:
        try:
            with open_requests(self.multiplexer.bridge_port) as requests:
                with trio.fail_after(INITIALIZE_SECONDS):
                    return await initialize(requests, params)
        except trio.TooSlowError:
            why = f"{self.name} did not answer initialize within {INITIALIZE_SECONDS:g} s."
            raise ChildEnded(why, retry_after=5) from None

    # --- the child's life -----------------------------------------------------------

    async def run(self) -> None:
        """Keep a child running, for ever."""
        while True:
            await self._live()
            pause = self.backoff.crashed()
            if self.backoff.is_open:
                log.error("%s ended too often: nothing is tried for %g s", self.name, pause)
            await trio.sleep(pause)
            RESTARTS.labels(self.name).inc()

    async def _live(self) -> None:
        """Run one child to its end; who waits for it is told then."""
        try:
            child = self.multiplexer.child = self.factory.start()
        except ChildEnded as error:
            self._ended(error)
            return await trio.lowlevel.checkpoint()
        async with trio.open_nursery() as nursery:
            if self.answer is None:
                self._up.set()
            else:
                nursery.start_soon(self._initialize_again, nursery.cancel_scope)
            await self.factory.run(child, self.multiplexer, self._ended)
            nursery.cancel_scope.cancel()

    def _ended(self, error: ChildEnded) -> None:
        self._up, self._down = trio.Event(), error
        self.multiplexer.answers.initialized_at = None
        log.warning("%s", error.for_log)
        self.multiplexer.fail(error)

    async def _initialize_again(self, life: trio.CancelScope) -> None:
        """Have a new child know what the one before it knew, and tell all that its lists may differ."""
        try:
            answer = await self._initialize(self._params)
            if answer.result is UNSET:
                raise ChildEnded(f"{self.name}, started again, refuses what it took before.")
            for uri in self.multiplexer.subscribed:
                await ask(self.multiplexer, "resources/subscribe", {"uri": uri}, INITIALIZE_SECONDS)
            if self.level is not None:
                await ask(self.multiplexer, "logging/setLevel", self.level.params, INITIALIZE_SECONDS)
        except (ChildEnded, trio.TooSlowError) as error:
            log.error("%s cannot go on with its clients: %s", self.name, error)
            return life.cancel()
        self.answer = answer
        self._up.set()
        for method in sorted(FOR_ALL):
            self.multiplexer.from_child(json_rpc.line(json_rpc.notification(method)))
