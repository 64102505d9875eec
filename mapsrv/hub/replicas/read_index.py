"""Nobody goes back in time: before a reader is answered, this process is where the store is.

What another process committed is in the store at once, and here only when the news of it has come. A
reader who comes from that process knows more than we do, and would be shown an older map. So the heads
of held sessions are asked for first, as followers ask a leader for its read index. In order:

1. All who ask while a call is on its way share the next one: that one began after they asked, so what
   they may have seen is in its answer. However many ask, one call is on its way. That is the bound for
   invented positions too: they cost a place in a call, and nothing is read for them.
2. Where the store is ahead, the news is most likely on its way, and comes within NEWS_SECONDS.
3. Else the session is read anew, by the committer, once for all who wait.

It takes at most SECONDS. A store that is away is not asked, and one that cannot answer hinders nobody:
the reader is shown what is here, and the status says that the store is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio

from mapsrv.change import Change
from mapsrv.core.log import Head, Position
from mapsrv.errors import NewerFormat, StoreAway, StoreUnavailable
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.hub.standing import Sign
from mapsrv.store.shared import SharedStore

SECONDS = 2.0  # that a reader waits at most: longer, and a person takes the page for dead
NEWS_SECONDS = 0.1  # for news that is on its way: a hundred times what it takes, a tenth of what is felt
HEADS_AT_ONCE = 500

Found = Mapping[str, Head | NewerFormat | None]


class _Round:
    """The sessions of one call, and what it answers; one that it says nothing of is left as it is."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.heads: Found = {}
        self.answered = trio.Event()


class ReadIndex:
    """`submit` has the committer read a session that is behind, `reads` says whether it still will."""

    def __init__(
        self,
        store: SharedStore,
        health: StoreHealth,
        submit: Callable[[LiveSession], None],
        reads: Callable[[LiveSession], bool],
    ) -> None:
        self._store, self._health, self._submit, self._reads = store, health, submit, reads
        self._next = _Round()
        self._asked = Change()

    async def resume(self, live: LiveSession, cursor: Position | None) -> None:
        """Before a stream goes on from `cursor`: catch up, if that may be ahead of what is here."""
        head = live.session.head
        if cursor is not None and (cursor.epoch != head.epoch or cursor.revision > head.revision):
            await self.catch_up(live)

    async def catch_up(self, live: LiveSession) -> bool:
        """Return when the session is at least where the store was at the call, or in SECONDS.

        False, at once, where the store is not asked.
        """
        if self._health.away or live.alone:
            return False
        before, asked = live.session.head, self._next
        asked.ids.add(live.id)
        self._asked.tell()
        with trio.move_on_after(SECONDS):
            await asked.answered.wait()
            if live.id in asked.heads:
                await self._reach(live, before, asked.heads[live.id])
        return True

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            await self._asked.until(lambda: self._next.ids)
            asked, self._next = self._next, _Round()
            try:
                asked.heads = await self.heads(list(asked.ids))
            except StoreAway as error:
                self._health.begin(error)
            except StoreUnavailable:
                pass  # it says nothing of these sessions
            asked.answered.set()

    async def heads(self, ids: list[str]) -> Found:
        """Return the heads of sessions in the store, in calls of a bounded size. Raises StoreUnavailable."""
        found: dict[str, Head | NewerFormat | None] = {}
        for start in range(0, len(ids), HEADS_AT_ONCE):
            found.update(await self._store.heads(ids[start : start + HEADS_AT_ONCE]))
        return found

    async def _reach(self, live: LiveSession, before: Head, head: Head | NewerFormat | None) -> None:
        with trio.move_on_after(NEWS_SECONDS):
            await live.moved.until(lambda: live.standing.behind or not _is_ahead(live.session.head, head))
        if live.alone or live.gone is not None or _is_there(live.session.head, before, head):
            return
        live.now(Sign.MISSED)  # one that is being read just now is read once more: that may have begun before
        self._submit(live)
        await live.moved.until(lambda: not self._reads(live))


def _is_ahead(now: Head, head: Head | NewerFormat | None) -> bool:
    return isinstance(head, Head) and head.epoch == now.epoch and head.revision > now.revision


def _is_there(now: Head, before: Head, head: Head | NewerFormat | None) -> bool:
    """Return whether `now` is not behind a store that says `head`, asked at `before`."""
    anew = now.epoch != before.epoch  # it has been read since
    if not isinstance(head, Head) or now.epoch != head.epoch:
        return anew
    return head.revision <= now.revision and (anew or head.revision >= before.revision)
