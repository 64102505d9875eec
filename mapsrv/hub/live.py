"""A session held in this process: the pure Session, who waits for it, and who reads it.

Everything here but execute() is a plain function, so that no task sees half a change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import trio

from mapsrv.core.commands import Answer, Command, Prepared
from mapsrv.core.log import Event, Origin, Position
from mapsrv.core.session import Asked, OutOfStep, Pending, Session, Settled, Stale
from mapsrv.core.state import MapState
from mapsrv.errors import Busy, MapsrvError, TooMany
from mapsrv.hub.branch import Branch, Room, Wanted, size_of
from mapsrv.hub.presence import Presence
from mapsrv.hub.problems import Problem, Problems
from mapsrv.hub.refusals import Refusals
from mapsrv.hub.subscribers import Subscriber
from mapsrv.hub.turns import Ticket, Turns
from mapsrv.hub.waiters import Waiter, Waiters
from mapsrv.metrics import EVENTS
from mapsrv.wire import codec

ALONE = "memory"  # what a command is worth that only this process has
ATTEMPTS = 3  # preparations of a command whose layers change meanwhile, before it is told to try later
MAX_NEWS = 1_000  # events heard while a reply is on its way; more are read from the store
MAX_WAITING = 1_000  # commands of one session that are not answered yet; more is a runaway caller


@dataclass(frozen=True, slots=True)
class Reply:
    """What the author of a command is told; `durability` is what that is worth."""

    answer: Answer
    position: Position
    durability: str


class Keeper(Protocol):
    """What a LiveSession needs of the hub that holds it."""

    durability: str
    room: Room  # for what is done while the store is away

    @property
    def away(self) -> bool:
        """Whether a shared store does not answer."""

    async def prepare(self, command: Command, state: MapState) -> Prepared:
        """Do all that waits before a command can be decided."""

    def submit(self, live: LiveSession) -> None:
        """Have what is pending committed."""

    def presence_changed(self, live: LiveSession) -> None:
        """Have the presence published at the next tick."""


class LiveSession:
    """What the process holds of one session while somebody uses it."""

    def __init__(self, session_id: str, session: Session, keeper: Keeper) -> None:
        self.id = session_id
        self.session = session
        self.presence = Presence(trio.current_time, lambda: keeper.presence_changed(self))
        self.problems = Problems()
        self.refusals = Refusals()
        self.branch: Branch | None = None  # while it goes on alone
        self.subscribers: set[Subscriber] = set()
        self.pins = 0
        self.idle_since = 0.0
        self.in_flight = False  # a batch of it is with the store: news waits for the reply, which says more
        self.out_of_step = False  # its history must be read anew
        self.gone: MapsrvError | None = None  # why this process does not serve it any more
        self._news: list[Event] = []
        self._keeper = keeper
        self._turns: defaultdict[tuple[str, str], Turns] = defaultdict(Turns)
        self._waiters = Waiters()
        self._wanted: dict[Pending, Wanted] = {}
        self._encoded: tuple[Position, bytes] | None = None
        self._status: tuple[tuple[str, int], bytes] | None = None  # of whom nothing was refused

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

    async def execute(self, command: Command, origin: Origin, key: str, at: str) -> Reply:
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
                    await self._open()
                    proposal = await self._decide(
                        command, lambda ready: Asked(ready, origin, scoped, print_, at)
                    )
                    if self.gone is not None:
                        raise self.gone
                    if isinstance(proposal, Pending) and proposal not in self._wanted:
                        size = size_of(command, proposal.event.body)
                        self._wanted[proposal] = Wanted(command, origin, scoped, print_, at, size)
                    waiter = self._wait_for(proposal, ticket)
                if waiter is not None:
                    await waiter.ready.wait()
                    if waiter.again:
                        continue
                    if waiter.error is not None:
                        raise waiter.error
                return self._answer(proposal, waiter)
        finally:
            turns.leave(ticket)
            if not turns:
                self._turns.pop(author, None)

    async def _open(self) -> None:
        """Wait for the end of a branch that is near; raises StoreUnavailable when a branch has no room."""
        if self.branch is not None:
            await self.branch.opened()
        if self.branch is not None and self.branch.stuck is not None:
            raise self.branch.stuck
        if self.branch is not None or self._keeper.away:
            self._keeper.room.check()

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
        waiter = self._waiters.add(pending, ticket)
        self._keeper.submit(self)
        return waiter

    def _answer(self, proposal: Pending | Settled, waiter: Waiter | None) -> Reply:
        durability = waiter.durability if waiter else self.known_durability
        if isinstance(proposal, Pending):
            position = waiter.position if waiter and waiter.position else proposal.event.head.position
            return Reply(proposal.event.record.answer, position, durability)
        if isinstance(proposal.result, MapsrvError):
            raise proposal.result
        position = proposal.record.position if proposal.record else self.position
        return Reply(proposal.result, position, durability)

    @property
    def durability(self) -> str:
        """What a command that is accepted now is worth."""
        return ALONE if self.branch is not None else self._keeper.durability

    @property
    def known_durability(self) -> str:
        """What is known of all that was accepted before: whether a replica has it, only its own OK said."""
        return "redis" if self.durability == "replicated" else self.durability

    # --- what the committer says ------------------------------------------------

    def committed(self, batch: Iterable[Pending], durability: str | None = None) -> None:
        """Make these, the oldest pending, visible; answer their callers and wake the readers."""
        batch = tuple(batch)
        events = self.session.committed(len(batch))
        EVENTS.inc(len(events))
        self._forget_problems(events)
        for pending in batch:
            self._release(pending, durability or self.durability)
        self.wake()

    def failed(self, batch: Iterable[Pending], error: MapsrvError) -> None:
        """Refuse these, the oldest pending, with the error; what stood on them is decided again."""
        lost = set(batch)
        for pending in self.session.withdraw():
            if pending in lost:
                self._release(pending, error=error)
            else:
                self._release(pending, again=True)

    def replace(self, session: Session) -> None:
        """Go on from what the store has; what was pending is decided again, in order."""
        withdrawn = self.session.withdraw()
        self.session = session
        self.out_of_step = False
        for pending in withdrawn:
            self._release(pending, again=True)
        self.wake()
        self.catch_up()

    def let_go(self, error: MapsrvError) -> None:
        """Serve it no more: what waits is refused with the error, and its readers leave."""
        self.gone = error
        self.out_of_step = False
        self.failed(self.session.pending, error)
        if self.branch is not None:
            branch, self.branch = self.branch, None
            for wanted in branch.oldest(len(branch)):
                self.refuse(wanted, error)
            branch.done(len(branch))
            branch.reopen()
        self.wake()

    def _release(
        self,
        pending: Pending,
        durability: str | None = None,
        *,
        again: bool = False,
        error: MapsrvError | None = None,
        position: Position | None = None,
    ) -> None:
        self._wanted.pop(pending, None)
        worth = durability or self.known_durability
        self._waiters.release(pending, worth, again=again, error=error, position=position)

    # --- alone, while the store is away --------------------------------------------

    def go_alone(self, epoch: str) -> None:
        """Go on without the store: what is pending, which may have reached it, comes first.

        `epoch` is random: it names the branch, unless the session is on one.
        """
        pending = self.session.pending
        if self.branch is None:
            self.branch = Branch(self.session, self._keeper.room)
            self.session = self.session.branch(epoch)
            self.branch.trunk.withdraw()
            self._news.clear()
            self.out_of_step = False
        else:
            self.session.committed(len(pending))
        for one in pending:
            self.branch.add(self._wanted[one])
            self._forget_problems([one.event])
            self._release(one, position=self.session.keys[one.event.key].position)
        self.wake()

    def rejoin(self) -> None:
        """Come back to the shared history: all that was done alone is decided again on it."""
        assert self.branch is not None and not self.branch
        branch, self.branch = self.branch, None
        self.session = branch.trunk
        branch.reopen()
        self.wake()
        self.catch_up()

    def refuse(self, wanted: Wanted, error: MapsrvError) -> None:
        """Tell its author of a command that could not be kept."""
        refusal = self.refusals.add(wanted, error)
        if wanted.origin.kind != "person":
            layer_id = getattr(wanted.command, "layer_id", getattr(wanted.command, "id", None))
            self.problems.report(Problem(refusal.message, layer_id))

    def status(self, author: tuple[str, str]) -> bytes:
        """Return the status as one author reads it."""
        refused = [refusal.to_json() for refusal in self.refusals.of(author)]
        stands = self.durability, len(self.branch) if self.branch is not None else 0
        if not refused and self._status is not None and self._status[0] == stands:
            return self._status[1]
        body = codec.dumps({"durability": stands[0], "pending": stands[1], "refused": refused})
        if not refused:
            self._status = stands, body
        return body

    # --- what other processes committed -----------------------------------------

    def hear(self, event: Event) -> None:
        """Take news of an event; it is applied now, or after the reply that is on its way."""
        self._news.append(event)
        if len(self._news) > MAX_NEWS:
            self._news.clear()
            self.out_of_step = self.branch is None  # else the end of the branch reads it anyway
        self.catch_up()

    def catch_up(self) -> None:
        """Apply the news, unless a reply is on its way. News that does not follow: out of step."""
        if self.in_flight or self.out_of_step or self.branch is not None or not self._news:
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
        return not (self.pins or self.in_flight or self.session.has_pending or self.branch is not None)
