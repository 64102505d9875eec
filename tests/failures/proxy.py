"""What stands before the pods in earnest: it asks each whether it is ready, and has clients stick to one.

No bytes go through it; clients ask it for the port of their next connection.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio

from tests.failures.record import now
from tests.failures.talk import FAILURES, connected

CHECK_SECONDS = 0.5  # between two questions
ANSWER_SECONDS = 1.0  # for an answer; later ones are none


class Proxy:
    """Knows which pods are ready: by /ready, and by a client that failed there since."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = ports
        self._ready = set(ports)

    async def run(self) -> None:
        """Ask all pods for ever."""
        async with trio.open_nursery() as nursery:
            for port in self.ports:
                nursery.start_soon(self._watch, port)

    async def _watch(self, port: int) -> None:
        while True:
            if await self._is_ready(port):
                self._ready.add(port)
            else:
                self._ready.discard(port)
            await trio.sleep(CHECK_SECONDS)

    async def _is_ready(self, port: int) -> bool:
        try:
            with trio.fail_after(ANSWER_SECONDS):
                async with connected(port) as connection:
                    status, _body = await connection.ask("GET", "/ready", {"Connection": "close"})
                    return status == 200
        except FAILURES:
            return False

    def failed(self, port: int) -> None:
        """Send nobody there until it says again that it is ready."""
        self._ready.discard(port)

    def port(self, home: int) -> int:
        """Return the port for a client: its home, else the next that is ready."""
        turned = [*self.ports[home:], *self.ports[:home]]
        return next((port for port in turned if port in self._ready), turned[0])


class Route:
    """One client's way through the proxy."""

    DETOUR = 1.0  # seconds that a client stays at another pod that it chose itself

    def __init__(self, proxy: Proxy, home: int) -> None:
        self._proxy, self._home = proxy, home
        self._detour, self._until = 0, 0.0

    @property
    def port(self) -> int:
        """The pod for the next connection or request."""
        detour = self._detour if now() < self._until else 0
        return self._proxy.port((self._home + detour) % len(self._proxy.ports))

    def failed(self, port: int) -> None:
        """Tell the proxy that a pod did not answer."""
        self._proxy.failed(port)

    def go_elsewhere(self) -> None:
        """Use the next pod for a while, as one whose tab and assistant talk to two."""
        self._detour, self._until = self._detour + 1, now() + self.DETOUR
