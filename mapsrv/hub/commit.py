"""One committer a process: what is proposed goes to the store in batches, one in flight, and is then visible.

Per batch each session has one place, with its oldest pending commands in order, all or none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import trio

from mapsrv.core.session import Pending
from mapsrv.errors import MapsrvError, UnknownSession
from mapsrv.hub.live import LiveSession
from mapsrv.metrics import BATCH_EVENTS, COMMIT_SECONDS, STORE_ERRORS
from mapsrv.store import Batch, Component, Done, Entry, KeyRecord, Moved, Ok, Outcome, Refused, Store, Unknown
from mapsrv.wire import codec

MAX_EVENTS = 256  # of a batch: larger ones gain nothing more and delay the first
MAX_BYTES = 1024 * 1024

Resync = Callable[[LiveSession], Awaitable[None]]


class Committer:
    """Takes turns among the sessions that have something pending."""

    def __init__(self, store: Store, resync: Resync) -> None:
        self._store = store
        self._resync = resync
        self._due: OrderedDict[LiveSession, None] = OrderedDict()
        self._wake = trio.Event()
        self._idle = trio.Event()
        self.failing = False  # whether the last call to the store failed

    def submit(self, live: LiveSession) -> None:
        """Note that a session has something pending."""
        if live.session.has_pending or live.out_of_step:
            self._due.setdefault(live)
            self._wake.set()

    async def run(self) -> None:
        """Commit for ever."""
        while True:
            self._wake = trio.Event()
            if not self._due:
                self._idle.set()
                await self._wake.wait()
            self._idle = trio.Event()
            for live in [live for live in self._due if live.out_of_step]:
                await self._catch_up(live)
            if shares := self._gather():
                await self._commit(shares)

    async def flushed(self) -> None:
        """Wait until nothing is pending; the caller says its bound."""
        while self._due or not self._idle.is_set():
            await self._idle.wait()

    def _gather(self) -> list[tuple[LiveSession, tuple[Pending, ...]]]:
        """Take sessions off the line until the batch is full; what is left over joins at its end."""
        shares: list[tuple[LiveSession, tuple[Pending, ...]]] = []
        events = size = 0
        for _ in range(len(self._due)):
            live, _none = self._due.popitem(last=False)
            share: list[Pending] = []
            for pending in live.session.pending:
                if events and (events >= MAX_EVENTS or size + len(pending.event.body) > MAX_BYTES):
                    self._due[live] = None
                    break
                share.append(pending)
                events += 1
                size += len(pending.event.body)
            if share:
                shares.append((live, tuple(share)))
            if events >= MAX_EVENTS or size >= MAX_BYTES:
                break
        return shares

    async def _commit(self, shares: list[tuple[LiveSession, tuple[Pending, ...]]]) -> None:
        batches = [_batch(live, share) for live, share in shares]
        BATCH_EVENTS.observe(sum(len(share) for _live, share in shares))
        for live, _share in shares:
            live.in_flight = True
        try:
            with COMMIT_SECONDS.time():
                outcomes = await self._store.commit(batches)
        except MapsrvError as error:
            self.failing = True
            STORE_ERRORS.inc()
            for live, share in shares:
                live.in_flight = False
                live.failed(share, error)
                self.follow(live)
            return
        self.failing = False
        for (live, share), outcome in zip(shares, outcomes, strict=True):
            live.in_flight = False
            await self._settle(live, share, outcome)

    def follow(self, live: LiveSession) -> None:
        """Apply the news of a session, or note that it must be read anew."""
        live.catch_up()
        self.submit(live)

    async def _settle(self, live: LiveSession, share: tuple[Pending, ...], outcome: Outcome) -> None:
        match outcome:
            case Ok():
                live.committed(share)
                self.follow(live)
            case Unknown():
                live.failed(
                    live.session.pending, UnknownSession("This map is no longer there. Open a new one.")
                )
            case Done() | Moved():
                await self._catch_up(live)
            case Refused(error):
                live.failed(live.session.pending, error)

    async def _catch_up(self, live: LiveSession) -> None:
        """Read the session anew. A store that fails at that too refuses what waits, and ends nothing else."""
        live.out_of_step = True  # until it is read: news applied meanwhile would be undone
        try:
            await self._resync(live)
        except MapsrvError as error:
            self.failing = True
            STORE_ERRORS.inc()
            live.failed(live.session.pending, error)


def _batch(live: LiveSession, share: tuple[Pending, ...]) -> Batch:
    parts: dict[str, Component] = {}
    entries = []
    for pending in share:
        event = pending.event
        for name, (value, blobs) in codec.components(pending.state, event.ops).items():
            parts[name] = Component(value, blobs)
        answer = codec.answer_to_bytes(event.record.answer)
        record = KeyRecord(event.key, event.record.fingerprint, answer, event.head)
        entries.append(Entry(event.body, record, codec.blobs_of(event.ops)))
    return Batch(live.id, live.session.head, tuple(entries), parts)
