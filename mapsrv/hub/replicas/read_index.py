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
from typing import Protocol

import trio

from mapsrv.change import Change
from mapsrv.core.log import Head, Position
from mapsrv.errors import NewerFormat, StoreAway, StoreUnavailable
from mapsrv.hub.live_session import LiveSession
from mapsrv.store.shared import SharedStore

SECONDS = 2.0  # that a reader waits at most: longer, and a person takes the page for dead
NEWS_SECONDS = 0.1  # for news that is on its way: a hundred times what it takes, a tenth of what is felt
HEADS_AT_ONCE = 500
READINGS = 2  # of a session for one question: the first may have begun before it was asked

Found = Mapping[str, Head | NewerFormat | None]


class Reader(Protocol):
    """What reads sessions anew: the committer."""

    def submit(self, live: LiveSession) -> None:
        """Have a session that is out of step read anew."""

    def is_due(self, live: LiveSession) -> bool:
        """Return whether it is still to be read."""


class _Round:
    """The sessions of one call, and what it answers; one that it says nothing of is left as it is."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.heads: Found = {}
        self.answered = trio.Event()


class ReadIndex:
    """`store` is None where no other process can be ahead; `away` says whether it does not answer."""

    def __init__(
        self,
        store: SharedStore | None,
        reader: Reader,
        away: Callable[[], bool],
        lost_touch: Callable[[StoreAway], object],
    ) -> None:
        self._store, self._reader, self._away, self._lost_touch = store, reader, away, lost_touch
        self._next = _Round()
        self._asked = Change()

    async def resume(self, live: LiveSession, cursor: Position | None) -> None:
        """Before a stream goes on from `cursor`: catch up, if that may be ahead of what is here."""
        head = live.session.head
        if cursor is not None and (cursor.epoch != head.epoch or cursor.revision > head.revision):
            await self.catch_up(live)

    async def catch_up(self, live: LiveSession) -> None:
        """Return when the session is at least where the store was at the call, or in SECONDS."""
        if self._store is None or self._away() or live.branch is not None:
            return
        before, asked = live.session.head, self._next
        asked.ids.add(live.id)
        self._asked.tell()
        with trio.move_on_after(SECONDS):
            await asked.answered.wait()
            if live.id in asked.heads:
                await self._reach(live, before, asked.heads[live.id])

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            await self._asked.until(lambda: self._next.ids)
            asked, self._next = self._next, _Round()
            try:
                asked.heads = await self._heads(list(asked.ids))
            except StoreAway as error:
                self._lost_touch(error)
            except StoreUnavailable:
                pass  # it says nothing of these sessions
            asked.answered.set()

    async def _heads(self, ids: list[str]) -> Found:
        assert self._store is not None
        found: dict[str, Head | NewerFormat | None] = {}
        for start in range(0, len(ids), HEADS_AT_ONCE):
            found.update(await self._store.heads(ids[start : start + HEADS_AT_ONCE]))
        return found

    async def _reach(self, live: LiveSession, before: Head, head: Head | NewerFormat | None) -> None:
        with trio.move_on_after(NEWS_SECONDS):
            await live.moved.until(lambda: live.out_of_step or not _is_ahead(live.session.head, head))
        for _ in range(READINGS):
            if live.branch is not None or live.gone is not None or _is_there(live.session.head, before, head):
                return
            live.out_of_step = True
            self._reader.submit(live)
            await live.moved.until(lambda: not (live.out_of_step and self._reader.is_due(live)))


def _is_ahead(now: Head, head: Head | NewerFormat | None) -> bool:
    return isinstance(head, Head) and head.epoch == now.epoch and head.revision > now.revision


def _is_there(now: Head, before: Head, head: Head | NewerFormat | None) -> bool:
    """Return whether `now` is not behind a store that says `head`, asked at `before`."""
    anew = now.epoch != before.epoch  # it has been read since
    if not isinstance(head, Head) or now.epoch != head.epoch:
        return anew
    return head.revision <= now.revision and (anew or head.revision >= before.revision)
