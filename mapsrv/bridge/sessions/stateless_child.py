"""The child that callers of MCP without sessions share: the bridge itself opens it, in whichever revision."""

from __future__ import annotations

from functools import partial

import trio
from msgspec import UNSET

from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.revisions import negotiate
from mapsrv.bridge.sessions.shared_child import INITIALIZE_SECONDS, SharedChild
from mapsrv.bridge.sessions.shared_port import SharedPort


class StatelessChild:
    """run() keeps its child running until end(), where nobody else does."""

    def __init__(self, shared: SharedChild) -> None:
        self._shared = shared
        self._turn = trio.Lock()
        self._greeting: Message | None = None
        self._ports = 0
        self._used_at = trio.current_time()
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        """Keep the child running."""
        with self._scope:
            await self._shared.run()

    def end(self) -> None:
        """Have the child end."""
        self._scope.cancel()

    def unused_for(self) -> float:
        """Return for how many seconds nobody has had a port."""
        return 0.0 if self._ports else trio.current_time() - self._used_at

    async def ready(self) -> Message:
        """Return what the child answered to server/discover, or else to initialize. Raises ChildEnded."""
        self._used_at = trio.current_time()
        if self._shared.answer is not None:
            return self._shared.answer
        async with self._turn:
            if self._greeting is None:
                greeting = await self._negotiate()
                if greeting.result is UNSET:
                    return greeting
                self._greeting = greeting
            return self._greeting

    async def _negotiate(self) -> Message:
        try:
            with trio.fail_after(INITIALIZE_SECONDS):
                return await negotiate(self.join)
        except trio.TooSlowError:
            why = f"{self._shared.name} did not say within {INITIALIZE_SECONDS:g} s what it can do."
            raise ChildEnded(why, retry_after=5) from None

    def join(self, deliver: Deliver) -> ClientPort:
        """Return a port at the child, which keeps it in use until it is left."""
        port = SharedPort(self._shared, deliver)
        port.left = partial(self._count, -1)
        self._count(1)
        return port

    def _count(self, more: int) -> None:
        self._ports += more
        self._used_at = trio.current_time()
