"""Whether one server can answer now, and if not, why not. Nobody else's session is asked."""

from __future__ import annotations

import trio

from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.multiplexer.bridge_requests import ask
from mapsrv.bridge.sessions.child_factory import ChildFactory
from mapsrv.bridge.sessions.probe import Probe
from mapsrv.bridge.sessions.shared_child import SharedChild

PROBE_SECONDS = 10.0  # for the child of all to list its tools


class Health:
    """One server's. Looking again and again costs little: what a child shows is kept for a while."""

    def __init__(self, factory: ChildFactory, shared: SharedChild | None) -> None:
        self._factory, self._shared = factory, shared
        self._proof = Probe(factory)
        self._probe = trio.Lock()

    async def why_not(self, deep: bool) -> str | None:
        """Return why the server cannot answer, or None. With `deep` it lists its tools."""
        try:
            if self._shared is not None:
                await self._shared.until_up()
                if self._shared.answer is not None:
                    return await self._lists_tools(self._shared) if deep else None
            if self._factory.able and not deep:
                return None
            return await self._proof.why_not(deep)
        except ChildEnded as error:
            return error.message

    async def _lists_tools(self, shared: SharedChild) -> str | None:
        """Ask the child of all. Where it works for somebody it is busy, and not to be taken for dead."""
        async with self._probe:
            try:
                await ask(shared.multiplexer, "tools/list", None, PROBE_SECONDS)
            except trio.TooSlowError:
                if not shared.multiplexer.calls.busy:
                    return f"{shared.name} did not list its tools within {PROBE_SECONDS:g} s."
            return None
