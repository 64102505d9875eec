"""A session held in this process: the pure Session, the gate to it, and who reads it.

Everything here that changes it is a plain function, so that no task sees half a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import trio

from mapsrv.change import Change
from mapsrv.core.commands import Command, Prepared
from mapsrv.core.log import Event, Position
from mapsrv.core.proposal import Pending
from mapsrv.core.session import OutOfStep, Session
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError
from mapsrv.hub.execute import CommandGate
from mapsrv.hub.presence.viewers import Presence
from mapsrv.hub.problems import Problem, Problems
from mapsrv.hub.replicas.offline import Branch, Room, Wanted
from mapsrv.hub.replicas.rejected import Rejections, status_bytes
from mapsrv.hub.subscribers import Subscriber
from mapsrv.metrics import EVENTS
from mapsrv.wire import codec

ALONE = "memory"  # what a command is worth that only this process has
MAX_NEWS = 100  # events heard while a reply is on its way: what is applied in one turn; more are read anew
HOLD_SECONDS = 0.1  # how long our commands wait when another process asks for a turn
HELD_SECONDS = 1.0  # from one such wait to the next


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
        self.gate = CommandGate(self, lambda *asked: keeper.prepare(*asked), lambda: keeper.submit(self))
        self.presence = Presence(trio.current_time, lambda: keeper.presence_changed(self))
        self.problems = Problems()
        self.rejections = Rejections()
        self.branch: Branch | None = None  # while it goes on alone
        self.subscribers: set[Subscriber] = set()
        self.moved = Change()  # readers may have something new to read
        self.pins = 0
        self.idle_since = 0.0
        self.in_flight = False  # a batch of it is with the store: news waits for the reply, which says more
        self.out_of_step = False  # its history must be read anew
        self.held_until = 0.0  # another process has its turn: commit nothing before
        self.gone: MapsrvError | None = None  # why this process does not serve it any more
        self._news: list[Event] = []
        self._keeper = keeper
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

    async def opened(self) -> None:
        """Wait for the end of a branch that is near; raises StoreUnavailable when a branch has no room."""
        if self.branch is not None:
            await self.branch.opened()
        if self.branch is not None and self.branch.stuck is not None:
            raise self.branch.stuck
        if self.branch is not None or self._keeper.away:
            self._keeper.room.check()

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
            self.gate.release(pending, durability or self.durability)
        self.wake()

    def failed(self, batch: Iterable[Pending], error: MapsrvError) -> None:
        """Refuse these, the oldest pending, with the error; what stood on them is decided again."""
        lost = set(batch)
        for pending in self.session.withdraw():
            if pending in lost:
                self.gate.release(pending, error=error)
            else:
                self.gate.release(pending, again=True)

    def replace(self, session: Session) -> None:
        """Go on from what the store has; what was pending is decided again, in order."""
        withdrawn = self.session.withdraw()
        self.session = session
        self.out_of_step = False
        for pending in withdrawn:
            self.gate.release(pending, again=True)
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
            self.branch.add(self.gate.wanted(one))
            self._forget_problems([one.event])
            self.gate.release(one, position=self.session.keys[one.event.key].position)
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
        refusal = self.rejections.add(wanted, error)
        if wanted.origin.kind != "person":
            layer_id = getattr(wanted.command, "layer_id", getattr(wanted.command, "id", None))
            self.problems.report(Problem(refusal.message, layer_id))

    def status(self, author: tuple[str, str]) -> bytes:
        """Return the status as one author reads it."""
        alone = len(self.branch) if self.branch is not None else 0
        durability = ALONE if self._keeper.away else self.durability  # what is shown may be old, too
        return status_bytes(durability, alone, tuple(self.rejections.of(author)))

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
        self.absorb(news)

    def absorb(self, news: Sequence[Event]) -> None:
        """Apply what others committed; out of step where it does not follow."""
        try:
            absorbed = self.session.absorb(news)
        except OutOfStep:
            self.out_of_step = True
            return
        self._forget_problems(news)
        for pending in absorbed.committed:
            self.gate.release(pending)
        for pending in absorbed.withdrawn:
            self.gate.release(pending, again=True)
        self.wake()

    def hold(self) -> None:
        """Let another process have its turn, which it may have once a second."""
        if trio.current_time() >= self.held_until - HOLD_SECONDS + HELD_SECONDS:
            self.held_until = trio.current_time() + HOLD_SECONDS

    # --- readers --------------------------------------------------------------

    def wake(self) -> None:
        """Tell every reader that there may be something to take."""
        self.moved.tell()
        for subscriber in self.subscribers:
            subscriber.wake()

    def _forget_problems(self, events: Iterable[Event]) -> None:
        for event in events:
            self.problems.forget(event.ops)

    @property
    def droppable(self) -> bool:
        """Whether nobody uses it and nothing is on its way."""
        return not (self.pins or self.in_flight or self.session.has_pending or self.branch is not None)
