"""A session held in this process: the pure Session, who waits for it, and who reads it.

Everything here but execute() is a plain function, so that no task sees half a change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Protocol

import trio

from mapsrv.core.commands import Answer, Command, Prepared
from mapsrv.core.log import Event, Origin, Position
from mapsrv.core.session import Asked, OutOfStep, Pending, Session, Settled, Stale
from mapsrv.core.state import MapState
from mapsrv.errors import Busy, MapsrvError, TooMany
from mapsrv.hub.presence import Presence
from mapsrv.hub.problems import Problems
from mapsrv.hub.subscribers import Subscriber
from mapsrv.hub.turns import Ticket, Turns
from mapsrv.metrics import EVENTS
from mapsrv.wire import codec

ATTEMPTS = 3  # preparations of a command whose layers change meanwhile, before it is told to try later
MAX_NEWS = 1_000  # events heard while a reply is on its way; more are read from the store
MAX_WAITING = 1_000  # commands of one session that are not answered yet; more is a runaway caller


class Keeper(Protocol):
    """What a LiveSession needs of the hub that holds it."""

    durability: str

    async def prepare(self, command: Command, state: MapState) -> Prepared:
        """Do all that waits before a command can be decided."""

    def submit(self, live: LiveSession) -> None:
        """Have what is pending committed."""

    def presence_changed(self, live: LiveSession) -> None:
        """Have the presence published at the next tick."""


class Waiter:
    """One caller that waits for a pending command, its own or one that its answer stands on."""

    __slots__ = ("ticket", "ready", "error", "again")

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.ready = trio.Event()
        self.error: MapsrvError | None = None
        self.again = False


class LiveSession:
    """What the process holds of one session while somebody uses it."""

    def __init__(self, session_id: str, session: Session, keeper: Keeper) -> None:
        self.id = session_id
        self.session = session
        self.presence = Presence(keeper.durability, trio.current_time, lambda: keeper.presence_changed(self))
        self.problems = Problems()
        self.subscribers: set[Subscriber] = set()
        self.pins = 0
        self.idle_since = 0.0
        self.in_flight = False  # a batch of it is with the store: news waits for the reply, which says more
        self.out_of_step = False  # its history must be read anew
        self._news: list[Event] = []
        self._keeper = keeper
        self._turns: defaultdict[tuple[str, str], Turns] = defaultdict(Turns)
        self._waiters: defaultdict[Pending, list[Waiter]] = defaultdict(list)
        self._encoded: tuple[Position, bytes] | None = None

    @property
    def state(self) -> MapState:
        """What readers see."""
        return self.session.state

    @property
    def position(self) -> Position:
        """Where readers are."""
        return self.session.head.position

    def encoded_state(self) -> bytes:
        """Return the JSON of the state, joined once per position."""
        if self._encoded is None or self._encoded[0] != self.position:
            self._encoded = self.position, codec.state_bytes(self.state)
        return self._encoded[1]

    # --- commands ------------------------------------------------------------

    async def execute(self, command: Command, origin: Origin, key: str, at: str) -> tuple[Answer, Position]:
        """Prepare, propose and wait for the store; raises MapsrvError when refused."""
        author = (origin.kind, origin.id)
        turns = self._turns[author]
        if len(turns) >= MAX_WAITING:
            raise TooMany(
                "Too many commands of yours wait for an answer. Wait for some answers first.", retry_after=1
            )
        ticket = turns.draw()
        scoped = f"{key} {origin.kind}:{origin.id}"
        print_ = codec.fingerprint(command)
        try:
            while True:
                async with turns.turn(ticket):
                    proposal = await self._decide(
                        command, lambda ready: Asked(ready, origin, scoped, print_, at)
                    )
                    waiter = self._wait_for(proposal, ticket)
                if waiter is not None:
                    await waiter.ready.wait()
                    if waiter.again:
                        continue
                    if waiter.error is not None:
                        raise waiter.error
                return self._answer(proposal)
        finally:
            turns.leave(ticket)
            if not turns:
                self._turns.pop(author, None)

    async def _decide(self, command: Command, asked: Callable[[Prepared], Asked]) -> Pending | Settled:
        known = self.session.recall(asked(Prepared(command)))
        if known is not None:
            return known
        for _ in range(ATTEMPTS):
            prepared = await self._keeper.prepare(command, self.session.proposed)
            proposal = self.session.propose(asked(prepared))
            if not isinstance(proposal, Stale):
                return proposal
        raise Busy("The layer is being changed by others all the time. Try again.", retry_after=1)

    def _wait_for(self, proposal: Pending | Settled, ticket: Ticket) -> Waiter | None:
        pending = proposal.after if isinstance(proposal, Settled) else proposal
        if pending is None:
            return None
        waiter = Waiter(ticket)
        self._waiters[pending].append(waiter)
        self._keeper.submit(self)
        return waiter

    def _answer(self, proposal: Pending | Settled) -> tuple[Answer, Position]:
        if isinstance(proposal, Pending):
            return proposal.event.record.answer, proposal.event.head.position
        if isinstance(proposal.result, MapsrvError):
            raise proposal.result
        return proposal.result, proposal.record.position if proposal.record else self.position

    # --- what the committer says ------------------------------------------------

    def committed(self, batch: Iterable[Pending]) -> None:
        """Make these, the oldest pending, visible; answer their callers and wake the readers."""
        batch = tuple(batch)
        events = self.session.committed(len(batch))
        EVENTS.inc(len(events))
        self._forget_problems(events)
        for pending in batch:
            self._release(pending)
        self.wake()

    def failed(self, batch: Iterable[Pending], error: MapsrvError) -> None:
        """Refuse these, the oldest pending, with the error; what stood on them is decided again."""
        lost = set(batch)
        for pending in self.session.withdraw():
            if pending in lost:
                for waiter in self._waiters.get(pending, []):
                    waiter.error = error
            self._release(pending, again=pending not in lost)

    def replace(self, session: Session) -> None:
        """Go on from what the store has; what was pending is decided again, in order."""
        withdrawn = self.session.withdraw()
        self.session = session
        self.out_of_step = False
        for pending in withdrawn:
            self._release(pending, again=True)
        self.wake()
        self.catch_up()

    def _release(self, pending: Pending, *, again: bool = False) -> None:
        for waiter in self._waiters.pop(pending, []):
            waiter.again = again
            waiter.ticket.waits = again
            waiter.ready.set()

    # --- what other processes committed -----------------------------------------

    def hear(self, event: Event) -> None:
        """Take news of an event; it is applied now, or after the reply that is on its way."""
        self._news.append(event)
        if len(self._news) > MAX_NEWS:
            self._news.clear()
            self.out_of_step = True
        self.catch_up()

    def catch_up(self) -> None:
        """Apply the news, unless a reply is on its way. News that does not follow: out of step."""
        if self.in_flight or self.out_of_step or not self._news:
            return
        news, self._news = self._news, []
        try:
            absorbed = self.session.absorb(news)
        except OutOfStep:
            self.out_of_step = True
            return
        self._forget_problems(news)
        for pending in absorbed.committed:
            self._release(pending)
        for pending in absorbed.withdrawn:
            self._release(pending, again=True)
        self.wake()

    # --- readers --------------------------------------------------------------

    def wake(self) -> None:
        """Tell every reader that there may be something to take."""
        for subscriber in self.subscribers:
            subscriber.wake()

    def _forget_problems(self, events: Iterable[Event]) -> None:
        for event in events:
            self.problems.forget(event.ops)

    @property
    def droppable(self) -> bool:
        """Whether nobody uses it and nothing is on its way."""
        return not (self.pins or self.in_flight or self.session.has_pending)
