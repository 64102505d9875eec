"""A session held in this process: the pure Session, how it stands to the store, and who reads it.

Everything here that changes it is a plain function, so that no task sees half a change.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import trio

from mapsrv.change import Change
from mapsrv.core.log import Event, OutOfStep, Position
from mapsrv.core.proposal import Pending
from mapsrv.core.session import Session
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError
from mapsrv.hub.acks import Acks
from mapsrv.hub.asks import Asks
from mapsrv.hub.author_queue import AuthorQueue
from mapsrv.hub.presence.viewers import Presence
from mapsrv.hub.problems import Problems
from mapsrv.hub.replicas.offline import Branch, Room
from mapsrv.hub.replicas.rejected import Rejections, status_bytes
from mapsrv.hub.seats import Seats
from mapsrv.hub.standing import Sign, Standing, after
from mapsrv.hub.weakly import weakly
from mapsrv.metrics.maps import EVENTS
from mapsrv.wire import codec

MEMORY = "memory"  # what a command is worth that only this process has
MAX_NEWS = 100  # events kept while an answer is on its way: what is applied in one turn; more are read anew
HOLD_SECONDS = 0.1  # how long our commands wait when another process asks for a turn
HELD_SECONDS = 1.0  # from one such wait to the next


@dataclass(frozen=True, slots=True)
class Around:
    """What a LiveSession has of the process around it. `away`: whether a shared store does not answer."""

    durability: str
    room: Room  # for what is done while the store is away
    away: Callable[[], bool]
    presence_changed: Callable[[LiveSession], None]
    news: Callable[[LiveSession], None]  # for those who have a seat
    drop: Callable[[LiveSession], None]


class LiveSession:
    """What the process holds of one session while somebody uses it.

    Nothing that it has refers back to it, or to the whole of it: what is dropped is gone at once. The
    collector would come to it very late (server/memory.py).
    """

    def __init__(self, session_id: str, session: Session, around: Around) -> None:
        self.id = session_id
        self.session = session
        self.standing = Standing.IN_STEP
        self.queues: defaultdict[tuple[str, str], AuthorQueue] = defaultdict(AuthorQueue)  # by kind and id
        self.acks = Acks()
        self.presence = Presence(trio.current_time, weakly(self._presence_changed))
        self.problems = Problems(self.presence.has_stream_of)
        self.asks = Asks()
        self.rejections = Rejections()
        self.branch: Branch | None = None  # while it is alone
        self.gone: MapsrvError | None = None  # why this process does not serve it any more
        self.streams = 0  # how many readers there are
        self.seats = Seats()  # of those to whom the rounds write
        self.moved = Change()  # readers may have something new to read
        self.pins = 0
        self.idle_since = 0.0
        self.held_until = 0.0  # another process has its turn: commit nothing before
        self.around = around
        self.news: deque[Event] = deque(maxlen=MAX_NEWS)  # who lacks what came before finds a gap
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

    # --- how it stands ---------------------------------------------------------

    def now(self, sign: Sign) -> None:
        """Note what happened to it."""
        self.standing = after(self.standing, sign)

    @property
    def alone(self) -> bool:
        """Whether it goes on without the store."""
        return self.standing is Standing.ALONE

    @property
    def done_alone(self) -> int:
        """How many commands were done alone, and are not decided again yet."""
        return len(self.branch) if self.branch is not None else 0

    @property
    def droppable(self) -> bool:
        """Whether nobody uses it and nothing is on its way."""
        return not (self.pins or self.standing.in_flight or self.alone or self.session.has_pending)

    # --- commands ------------------------------------------------------------

    async def opened(self) -> None:
        """Wait for the end of a branch that is near; raises StoreUnavailable when a branch has no room."""
        if self.branch is not None:
            await self.branch.opened()
        if self.branch is not None and self.branch.stuck is not None:
            raise self.branch.stuck
        if self.alone or self.around.away():
            self.around.room.check()

    @property
    def durability(self) -> str:
        """What a command that is accepted now is worth."""
        return MEMORY if self.alone else self.around.durability

    @property
    def known_durability(self) -> str:
        """What is known of all that was accepted before: whether a replica has it, only its own OK said."""
        return "redis" if self.durability == "replicated" else self.durability

    def status(self, author: tuple[str, str]) -> bytes:
        """Return the status as one author reads it."""
        durability = MEMORY if self.around.away() else self.durability  # what is shown may be old, too
        return status_bytes(durability, self.done_alone, tuple(self.rejections.of(author)))

    # --- what the committer says ------------------------------------------------

    def committed(self, batch: Iterable[Pending], durability: str | None = None) -> None:
        """Make these, the oldest pending, visible; answer their callers and wake the readers."""
        batch = tuple(batch)
        events = self.session.committed(len(batch))
        EVENTS.inc(len(events))
        self.problems.forget(op for event in events for op in event.ops)
        for pending in batch:
            self.acks.done(pending, durability or self.durability)
        self.wake()

    def failed(self, batch: Iterable[Pending], error: MapsrvError) -> None:
        """Refuse these, the oldest pending, with the error; what stood on them is decided again."""
        lost = set(batch)
        for pending in self.session.withdraw():
            if pending in lost:
                self.acks.refused(pending, error)
            else:
                self.acks.again(pending)

    def replace(self, session: Session) -> None:
        """Go on from what the store has; what was pending is decided again, in order."""
        withdrawn = self.session.withdraw()
        self.session = session
        for pending in withdrawn:
            self.acks.again(pending)
        self.wake()

    # --- what other processes committed -----------------------------------------

    def hear(self, event: Event) -> None:
        """Take news of an event; it is applied now, or after the answer that is on its way."""
        self.news.append(event)
        self.catch_up()

    def catch_up(self) -> None:
        """Apply the news, unless an answer is on its way. News that does not follow: behind."""
        if self.standing is not Standing.IN_STEP or not self.news:
            return
        news = tuple(self.news)
        self.news.clear()
        if not self.absorb(news):
            self.now(Sign.MISSED)

    def absorb(self, news: Sequence[Event]) -> bool:
        """Apply what others committed; False, with nothing changed, where it does not follow."""
        try:
            absorbed = self.session.absorb(news)
        except OutOfStep:
            return False
        self.problems.forget(op for event in news for op in event.ops)
        for pending in absorbed.committed:
            self.acks.done(pending, self.known_durability)
        for pending in absorbed.withdrawn:
            self.acks.again(pending)
        self.wake()
        return True

    def hold(self) -> None:
        """Let another process have its turn, which it may have once a second."""
        if trio.current_time() >= self.held_until - HOLD_SECONDS + HELD_SECONDS:
            self.held_until = trio.current_time() + HOLD_SECONDS

    # --- readers --------------------------------------------------------------

    def _presence_changed(self) -> None:
        self.around.presence_changed(self)

    def wake(self) -> None:
        """Tell every reader that there may be something to take."""
        self.moved.tell()
        if self.seats:
            self.around.news(self)
