"""A child for each session, which ends with it; some may be started ahead (a pool)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import trio

from mapsrv.bridge.children.child import Child
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.sessions.backoff import Backoff
from mapsrv.bridge.sessions.child_factory import ChildFactory

log = logging.getLogger("mapsrv.bridge")


class OwnChild:
    """A child and the one who talks with it, once there is one."""

    def __init__(self, factory: ChildFactory, child: Child) -> None:
        self.child = child
        self.multiplexer = Multiplexer(child, factory.name, factory.tools, factory.calls)
        self.gone: Callable[[ChildEnded], object] = (
            lambda error: None
        )  # told when it ended, after its callers
        self._factory = factory
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        """Read it to its end."""
        with self._scope:
            await self._factory.run(self.child, self.multiplexer, self._ended)

    def _ended(self, error: ChildEnded) -> None:
        if self.child.crashed:
            log.warning("%s", error.for_log)
        self.multiplexer.fail(error)
        self.gone(error)

    def end(self) -> None:
        """End it; its task does so."""
        self._scope.cancel()


class OwnChildren:
    """`nursery` is where they run; so many are kept `spare`."""

    def __init__(self, factory: ChildFactory, nursery: trio.Nursery, spare: int = 0) -> None:
        self._factory, self._nursery, self._wanted = factory, nursery, spare
        self._spare: list[OwnChild] = []
        self._fewer = trio.Event()  # than wanted: one was taken, or died
        self._died = False

    def join(self, deliver: Deliver, gone: Callable[[ChildEnded], object]) -> ClientPort:
        """Return a port at a child of its own, which ends when the port is left. Raises ChildEnded.

        gone() is told when the child has ended.
        """
        own = self._spare.pop(0) if self._spare else self._start()
        self._fewer.set()
        own.gone = gone
        port = own.multiplexer.join(deliver)
        port.left = own.end
        return port

    def _start(self) -> OwnChild:
        own = OwnChild(self._factory, self._factory.start())
        self._nursery.start_soon(own.run)
        return own

    async def run(self) -> None:
        """Keep the spare ones started, for ever."""
        backoff = Backoff()
        while True:
            self._fewer, self._died = trio.Event(), not self._fill()
            if not self._died:
                await self._fewer.wait()
            if self._died:
                await trio.sleep(backoff.crashed())

    def _fill(self) -> bool:
        """Start what is missing; False where none can be started."""
        try:
            while len(self._spare) < self._wanted:
                own = self._start()
                own.gone = partial(self._lost, own)
                self._spare.append(own)
        except ChildEnded as error:
            log.warning("%s", error.for_log)
            return False
        return True

    def _lost(self, own: OwnChild, error: ChildEnded) -> None:
        self._spare.remove(own)
        self._died = True
        self._fewer.set()
