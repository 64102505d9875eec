"""The one process of its store: no others to keep in step with, and no going on without it.

The hub asks the same of its replicas wherever the store is; many.py has the answers where it is shared.
"""

from __future__ import annotations

import trio

from mapsrv.core.lineage import Follows, compare
from mapsrv.core.log import Position
from mapsrv.core.session import Session
from mapsrv.errors import NewerFormat, StoreAway, UnknownSession
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.load import load
from mapsrv.hub.replicas.parting import let_go
from mapsrv.hub.tab_says import tab_says
from mapsrv.store import Store
from mapsrv.store.shared import Mail, Parcels
from mapsrv.wire.asked import Ask
from mapsrv.wire.said import Said


class SingleProcess:
    """What the hub and the committer ask of the replicas."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def mail(self) -> Mail | None:
        """The way to the others' letterboxes."""
        return None

    @property
    def parcels(self) -> Parcels | None:
        """Where one process leaves something for another."""
        return None

    @property
    def away(self) -> bool:
        """Whether a shared store does not answer."""
        return False

    def lost_touch(self, error: StoreAway) -> bool:
        """Note that the store did not answer; return whether sessions go on alone then."""
        return False

    async def has_lost(self) -> bool:
        """Return whether the store has lost what it had: a map that it does not know others may hold."""
        return False

    # --- a session is loaded, and dropped ---------------------------------------

    async def watch(self, session_id: str) -> None:  # noqa: ASYNC124
        """Hear of a session before it is loaded, so that nothing falls between."""

    def loaded(self, live: LiveSession) -> None:
        """Apply what was heard of a session while it was loaded."""

    async def forget(self, session_id: str) -> None:  # noqa: ASYNC124
        """Hear no more of a session that is not there, or could not be loaded."""

    def unwatch(self, session_id: str) -> None:
        """Hear of a session no more, soon."""

    # --- a session is read ------------------------------------------------------

    async def resume(self, live: LiveSession, cursor: Position | None) -> None:  # noqa: ASYNC124
        """Before a stream goes on from `cursor`: catch up, if that may be ahead of what is here."""

    async def catch_up(self, live: LiveSession) -> bool:  # noqa: ASYNC124
        """Return when the session is at least where the store was at the call, or soon anyway.

        False where it is so without a wait: nobody else writes, or the store is away.
        """
        return False

    async def tell_viewers(self, live: LiveSession) -> None:  # noqa: ASYNC124
        """Tell the others who has the map open here."""

    async def tab_says(self, live: LiveSession, said: Said, *, own: bool = False) -> None:  # noqa: ASYNC124
        """Take what a tab says of itself, and let whoever has its stream know."""
        live.asks.heard(said)
        tab_says(live, said, own=own)

    async def ask_elsewhere(self, live: LiveSession, tab: str, ask: Ask) -> None:  # noqa: ASYNC124
        """Have the process that has a tab's stream ask it."""

    # --- a session is not where the store is --------------------------------------

    async def resync(self, live: LiveSession) -> None:
        """The store's history of a session is not ours: read it. What waits is decided again.

        The session is in flight meanwhile. Raises MapsrvError.
        """
        try:
            session = await self._load(live.id)
        except NewerFormat as error:
            return let_go(live, error)
        if session is not None and isinstance(compare(live.session, session), Follows):
            live.replace(session)
        else:
            self._lost(live)

    async def _load(self, session_id: str) -> Session | None:
        return await load(self._store, session_id)

    def _lost(self, live: LiveSession) -> None:
        live.failed(live.session.pending, UnknownSession("This map is no longer there. Open a new one."))

    def go_alone(self, live: LiveSession) -> None:
        """Have a session go on alone, its pending commands first; it comes back when the store does."""
        raise AssertionError("nobody goes on without a store that is not shared")

    async def all_back(self) -> None:  # noqa: ASYNC124
        """Wait until no session is alone any more; the caller says its bound."""

    async def run(self) -> None:
        """Keep in step for ever."""
        await trio.sleep_forever()
