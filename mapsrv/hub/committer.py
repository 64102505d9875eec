"""One committer a process: what is proposed goes to the store in batches, one in flight, and is then visible.

Per batch each session has one place, with its oldest pending commands in order, all or none. A session
stands in line (`due`) once, while it has something pending or is behind. How it stands to the store
meanwhile is in standing.py. What can be answered:

- Ok: its share is visible, its callers are answered, and what was heard from others meanwhile is applied.
- Moved with news: another process was faster. What came since is applied, which decides ours again.
- Moved without, Unknown, Done: the store's history is not ours; the session is behind, and read anew
  (`_read`) before the next batch. In flight meanwhile, since news applied to what is about to be replaced
  would be undone.
- Refused: by the store for this session alone. By a newer release's format it is read, which lets it go.
- The call failed: nobody knows what of it was done. With a shared store the sessions go on alone, and the
  keys tell later; else their callers are refused.

Odd lines, and the race each is for:

- A session is in flight before its batch is encoded: encoding takes turns of the loop, and an event of
  another process that is heard between two of them would move the head that the batch names.
- A session is taken off the line before it is read anew: what is submitted while it is read stands in
  line again, instead of being taken for served.
- Whether one is behind is looked at twice, when the line is worked off and when the batch is gathered:
  another session's reading is a wait, in which this one may have missed news.
- A store in memory mostly answers in the same step: a lone command takes one step of the committer and one
  of its caller. So where more is due than went into a batch, the other tasks have a turn first.
- Who holds still for another process's turn (`held_until`) stays in line, and the loop sleeps until the
  first of those moments, or until somebody submits.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

import trio

from mapsrv.change import Change
from mapsrv.core.proposal import Pending
from mapsrv.errors import MapsrvError, NewerFormat, StoreAway, StoreDamaged
from mapsrv.hub.batch_encoding import batch_of
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas import catch_up
from mapsrv.hub.replicas.single import SingleProcess
from mapsrv.hub.standing import Sign
from mapsrv.metrics.maps import BATCH_EVENTS, COMMIT_SECONDS, CONFLICTS, RESYNCS, STORE_ERRORS
from mapsrv.store import Done, Moved, Ok, Outcome, Refused, Store, Unknown

MAX_EVENTS = 256  # of a batch: larger ones gain nothing more and delay the first
MAX_BYTES = 1024 * 1024

Shares: TypeAlias = list[tuple[LiveSession, tuple[Pending, ...]]]


class Committer:
    """Takes turns among the sessions that have something pending."""

    def __init__(self, store: Store, replicas: SingleProcess) -> None:
        self._store = store
        self._replicas = replicas
        self.due: OrderedDict[LiveSession, None] = OrderedDict()
        self._wake, self._rested = Change(), Change()
        self._rests = False  # with nothing to do
        self._reading: LiveSession | None = None
        self.failing = False  # whether the last call to the store failed

    def submit(self, live: LiveSession) -> None:
        """Note that a session has something pending; while the store is away it is done alone at once."""
        if not (live.session.has_pending or live.standing.behind):
            return
        if live.alone or (self._replicas.away and not live.standing.in_flight):
            if live.session.has_pending:
                self._replicas.go_alone(live)
            return  # what is out of step is read when the store is back
        self.due.setdefault(live)
        self._wake.tell()

    def reads(self, live: LiveSession) -> bool:
        """Return whether it is being read anew, or stands in line for it."""
        return live is self._reading or (live.standing.behind and live in self.due)

    async def run(self) -> None:
        """Commit for ever."""
        while True:
            await self._some_due()
            for live in [live for live in self.due if live.standing.behind]:
                del self.due[live]  # before it is read: what is submitted meanwhile stands in line anew
                await self._read(live)
            if self._replicas.away:
                self._let_go()
            elif shares := self._gather():
                await self._commit(shares)
                if self.due:
                    await trio.lowlevel.checkpoint()
            elif self.due:
                with trio.move_on_at(min(live.held_until for live in self.due)):
                    await self._wake.next()

    async def _some_due(self) -> None:
        if not self.due:
            self._rests = True
            self._rested.tell()
            await self._wake.until(lambda: self.due)
            self._rests = False

    def _let_go(self) -> None:
        due, self.due = self.due, OrderedDict()
        for live in due:
            self.submit(live)

    async def flushed(self) -> None:
        """Wait until nothing is pending; the caller says its bound."""
        await self._rested.until(lambda: self._rests and not self.due)

    def _gather(self) -> Shares:
        """Take sessions off the line until the batch is full; what is left over joins at its end."""
        shares: Shares = []
        events = size = 0
        for _ in range(len(self.due)):
            live, _none = self.due.popitem(last=False)
            # Behind since others were read: it is read first, in the next round.
            if live.standing.behind or live.held_until > trio.current_time():
                self.due[live] = None
                continue
            share: list[Pending] = []
            for pending in live.session.pending:
                if events and (events >= MAX_EVENTS or size + len(pending.event.body) > MAX_BYTES):
                    self.due[live] = None
                    break
                share.append(pending)
                events += 1
                size += len(pending.event.body)
            if share:
                shares.append((live, tuple(share)))
            if events >= MAX_EVENTS or size >= MAX_BYTES:
                break
        return shares

    async def _commit(self, shares: Shares) -> None:
        BATCH_EVENTS.observe(sum(len(share) for _live, share in shares))
        for live, _share in shares:
            live.now(Sign.ASKED)  # from here on, since encoding takes turns
        batches = [await batch_of(live.id, live.session.head, share) for live, share in shares]
        try:
            with COMMIT_SECONDS.time():
                outcomes = await self._store.commit(batches)
        except MapsrvError as error:
            self._failed(shares, error)
            return
        self.failing = False
        for (live, share), outcome in zip(shares, outcomes, strict=True):
            await self._settle(live, share, outcome)

    def store_is_back(self) -> None:
        """Take it that the next call will not fail."""
        self.failing = False

    def _failed(self, shares: Shares, error: MapsrvError) -> None:
        """Refuse what was sent, or go on alone with it: it may have reached a store that is away."""
        self.failing = True
        STORE_ERRORS.inc()
        alone = isinstance(error, StoreAway) and self._replicas.lost_touch(error)
        for live, share in shares:
            if alone:
                self._replicas.go_alone(live)
            else:
                live.failed(share, error)
                self._answered(live)

    def follow(self, live: LiveSession) -> None:
        """Apply the news of a session, or have it read anew."""
        live.catch_up()
        self.submit(live)

    def _answered(self, live: LiveSession) -> None:
        live.now(Sign.ANSWERED)
        self.follow(live)

    async def _settle(self, live: LiveSession, share: tuple[Pending, ...], outcome: Outcome) -> None:
        match outcome:
            case Ok(durability):
                live.committed(share, durability)
            case Moved(_, news) if news:
                CONFLICTS.inc()
                if not await catch_up.take(live, news):
                    live.now(Sign.MISSED)
            case Refused(NewerFormat()):
                live.now(Sign.MISSED)
            case Unknown() | Done() | Moved():
                CONFLICTS.inc()
                live.now(Sign.MISSED)
            case Refused(error):
                live.failed(live.session.pending, error)
        self._answered(live)

    async def _read(self, live: LiveSession) -> None:
        """Read the session anew. A store that fails at that too refuses what waits, and ends nothing else."""
        live.now(Sign.ASKED)
        RESYNCS.inc()
        self._reading = live
        try:
            await self._replicas.resync(live)
        except MapsrvError as error:
            self._unread(live, error)
        else:
            self._answered(live)
        finally:
            self._reading = None
            live.moved.tell()  # who waits to be caught up need not, if it failed

    def _unread(self, live: LiveSession, error: MapsrvError) -> None:
        live.now(Sign.MISSED)
        live.now(Sign.ANSWERED)
        self.failing = not isinstance(error, StoreDamaged)  # which says nothing of the store as a whole
        if isinstance(error, StoreAway) and self._replicas.lost_touch(error):
            self.due.pop(live, None)
            self.submit(live)  # alone, if anything is pending
        else:
            STORE_ERRORS.inc()
            live.failed(live.session.pending, error)
