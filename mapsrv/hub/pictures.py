"""A picture of a map, as one page draws it that somebody looks at: one at a time of each map.

The page is asked by name (asking.py) and posts the picture under the ask's token, which nobody else knows and
which is good once, for some seconds. Its post may land at any process. So where the store is shared the token
is made known in it, and whoever gets the picture leaves it there; then the page's answer comes by the way of
all answers, and the picture is collected. It is never told to others, and never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import trio

from mapsrv.core.state import Json
from mapsrv.errors import StoreUnavailable
from mapsrv.hub.asking import Asking, new_token
from mapsrv.hub.live_session import LiveSession
from mapsrv.store.shared import Parcels

MAX_PICTURE = 512 * 1024  # bytes of a PNG
SECONDS = 10.0  # that a page has, and its token is good for

Choose = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, where it looks (as a viewport), and the layers whose data was still out."""

    png: bytes
    view: Json
    waiting: tuple[str, ...]


@dataclass(slots=True)
class _Due:
    """A picture that is waited for here. `shared`: the store knows of it, and says whether it may be left."""

    png: bytes | None = None
    used: bool = False
    shared: bool = False


@dataclass(slots=True)
class _Taken:
    """One that is being taken: who comes meanwhile gets the same."""

    done: trio.Event = field(default_factory=trio.Event)
    picture: Picture | None = None
    whole: bool = False  # else who asked for it has left


class Pictures:
    """Those of a process. `parcels` is the way between processes; None: there are no others."""

    def __init__(self, asking: Asking, parcels: Parcels | None) -> None:
        self._asking, self._parcels = asking, parcels
        self._taking: dict[str, _Taken] = {}  # by map
        self._due: dict[str, _Due] = {}  # by token

    async def take(self, live: LiveSession, choose: Choose, by: str) -> Picture | None:
        """Return a picture that the page of choose() gives, or the one under way; None where none comes.

        `by` is who looks, as the page tells its person.
        """
        while (taking := self._taking.get(live.id)) is not None:
            await taking.done.wait()
            if taking.whole:
                return taking.picture
        tab = choose()
        if tab is None:
            return None
        taking = self._taking[live.id] = _Taken()
        try:
            taking.picture = await self._take(live, tab, by)
            taking.whole = True
            return taking.picture
        finally:
            del self._taking[live.id]
            taking.done.set()

    async def _take(self, live: LiveSession, tab: str, by: str) -> Picture | None:
        token = new_token()
        due = self._due[token] = _Due()
        try:
            if self._parcels is not None:
                with suppress(StoreUnavailable):  # it may be posted here
                    await self._parcels.expect(token)
                    due.shared = True
            said = await self._asking.ask(live, tab, (), SECONDS, looks=(token, by))
            if said is None:
                return None
            png = due.png or await self._collected(token)
            return None if png is None else Picture(png, said.view, said.loading)
        finally:
            del self._due[token]

    async def _collected(self, token: str) -> bytes | None:
        if self._parcels is not None:
            with suppress(StoreUnavailable):
                return await self._parcels.collect(token)
        return None

    async def admit(self, token: str) -> bool:
        """Return whether a picture is due under a token, which is good no more then.

        Raises StoreUnavailable.
        """
        due = self._due.get(token)
        if due is not None:
            first, due.used = not due.used, True
            return first and (not due.shared or await self._admitted(token))
        return await self._admitted(token)

    async def _admitted(self, token: str) -> bool:
        return self._parcels is not None and await self._parcels.admit(token)

    async def leave(self, token: str, png: bytes) -> None:
        """Take in a picture that was admitted. Raises StoreUnavailable."""
        due = self._due.get(token)
        if due is not None:
            due.png = png
        elif self._parcels is not None:
            await self._parcels.leave(token, png)
