"""Which map a call acts on: what it names, else what its MCP URL names, else (locally) what is in front.

In front is what a browser of this server's own user showed last; a stream that proves nothing is not.
A connection remembers no map: hosts share one between chats, and a guess would draw on another's map.
Who asks for a local caller opens a new map in the person's browser: the result has its link.
"""

from __future__ import annotations

import trio

from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError, NoMap
from mapsrv.hub.hub import Hub
from mapsrv.tools.caller import Caller
from mapsrv.tools.words import quoted

OPENING_SECONDS = 3600.0  # where nobody opens it, calls that name no map go on with this one

NO_MAP = (
    "Ask the person for the link of the map they have open and pass it as session_id,"
    " or call open_map for a new one."
)


class NoMapNamed(NoMap):
    """no_map, with the maps that this connection has named before: [{title, session_id}]."""

    def __init__(self, maps: list[dict[str, Json]]) -> None:
        listed = "".join(f"\n- {quoted(item['title'])}: session_id {item['session_id']}" for item in maps)
        super().__init__(NO_MAP + (f" This connection has named these maps before:{listed}" if maps else ""))
        self.maps = maps


class WhichMap:
    """The rule, and the one map that is on its way into this machine's browser."""

    def __init__(self, hub: Hub, rates: RateLimits) -> None:
        self._hub, self._rates = hub, rates
        self._turn = trio.Lock()  # local calls made together get one new map, not one each
        self._opened: tuple[str, float] | None = None

    async def of(self, argument: str | None, caller: Caller) -> str:
        """Return the id of the map to act on; raises NoMapNamed."""
        if argument is not None:
            return argument
        if caller.session_hint is not None:
            return caller.session_hint
        if caller.local:
            return await self._in_front(caller)
        raise NoMapNamed(await self._maps(caller))

    async def new(self, caller: Caller) -> str:
        """Return the id of a new map; raises TooMany."""
        self._rates.check("sessions", caller.counts_for)
        session_id = await self._hub.create_session()
        if caller.local:
            self._opened = session_id, trio.current_time()
        return session_id

    async def _in_front(self, caller: Caller) -> str:
        async with self._turn:
            front = self._hub.in_front()
            if front is not None:
                return front
            if self._opened is not None and self._opened[1] > trio.current_time() - OPENING_SECONDS:
                if await self._hub.exists(self._opened[0]):
                    return self._opened[0]
            return await self.new(caller)

    async def _maps(self, caller: Caller) -> list[dict[str, Json]]:
        maps: list[dict[str, Json]] = []
        for session_id in caller.named:
            try:
                async with self._hub.open_session(session_id) as live:
                    maps.append({"title": live.state.title, "session_id": session_id})
            except MapsrvError:
                continue  # forgotten meanwhile, or the store is away
        return maps
