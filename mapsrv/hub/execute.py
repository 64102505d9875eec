"""The gate of one session: each command is prepared, proposed, and answered when the store has it.

The commands of one author go through in the order in which they came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from mapsrv.core.commands import Answer, Command, Prepared
from mapsrv.core.log import Origin, Position
from mapsrv.core.proposal import Asked, Pending, Settled, Stale
from mapsrv.core.session import Session
from mapsrv.core.state import MapState
from mapsrv.errors import Busy, MapsrvError, TooMany
from mapsrv.hub.acks import Acks, Waiter
from mapsrv.hub.author_queue import AuthorQueue, Ticket
from mapsrv.hub.replicas.offline import Wanted, size_of
from mapsrv.wire import codec

ATTEMPTS = 3  # preparations of a command whose layers change meanwhile, before it is told to try later
MAX_WAITING = 1_000  # commands of one session that are not answered yet; more is a runaway caller

Prepare: TypeAlias = Callable[[Command, MapState], Awaitable[Prepared]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the author of a command is told; `durability` is what that is worth."""

    answer: Answer
    position: Position
    durability: str


class Held(Protocol):
    """What a gate needs of the session that it leads to."""

    session: Session
    gone: MapsrvError | None

    @property
    def position(self) -> Position:
        """Where readers are."""

    @property
    def known_durability(self) -> str:
        """What is known of all that was accepted before."""

    async def opened(self) -> None:
        """Wait until commands are taken. Raises MapsrvError when they are not."""


class CommandGate:
    """`prepare` does all that waits before a command is decided, `submit` has what is pending committed."""

    def __init__(self, live: Held, prepare: Prepare, submit: Callable[[], None]) -> None:
        self._live, self._prepare, self._submit = live, prepare, submit
        self._queues: defaultdict[tuple[str, str], AuthorQueue] = defaultdict(AuthorQueue)
        self._acks = Acks()
        self._wanted: dict[Pending, Wanted] = {}

    @property
    def idle(self) -> bool:
        """Whether nobody waits, and nothing is kept for them."""
        return not (self._queues or self._acks or self._wanted)

    def wanted(self, pending: Pending) -> Wanted:
        """Return what a pending command was made of."""
        return self._wanted[pending]

    async def execute(self, command: Command, origin: Origin, key: str, at: str) -> Reply:
        """Prepare, propose and wait for the store; raises MapsrvError when refused."""
        author = (origin.kind, origin.id)
        queue = self._queues[author]
        if len(queue) >= MAX_WAITING:
            raise TooMany(
                "Too many commands of yours wait for an answer. Wait for some answers first.", retry_after=1
            )
        ticket = queue.draw()
        scoped = f"{key} {origin.kind}:{origin.id}"
        print_ = codec.fingerprint(command)
        try:
            while True:
                async with queue.turn(ticket):
                    await self._live.opened()
                    proposal = await self._decide(
                        command, lambda ready: Asked(ready, origin, scoped, print_, at)
                    )
                    if self._live.gone is not None:
                        raise self._live.gone
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
            queue.leave(ticket)
            if not queue:
                self._queues.pop(author, None)

    async def _decide(self, command: Command, asked: Callable[[Prepared], Asked]) -> Pending | Settled:
        known = self._live.session.recall(asked(Prepared(command)))
        if known is not None:
            return known
        for _ in range(ATTEMPTS):
            prepared = await self._prepare(command, self._live.session.proposed)
            proposal = self._live.session.propose(asked(prepared))
            if not isinstance(proposal, Stale):
                return proposal
        raise Busy("The layer is being changed by others all the time. Try again.", retry_after=1)

    def _wait_for(self, proposal: Pending | Settled, ticket: Ticket) -> Waiter | None:
        pending = proposal.after if isinstance(proposal, Settled) else proposal
        if pending is None:
            return None
        waiter = self._acks.add(pending, ticket)
        self._submit()
        return waiter

    def _answer(self, proposal: Pending | Settled, waiter: Waiter | None) -> Reply:
        durability = waiter.durability if waiter else self._live.known_durability
        if isinstance(proposal, Pending):
            position = waiter.position if waiter and waiter.position else proposal.event.head.position
            return Reply(proposal.event.record.answer, position, durability)
        if isinstance(proposal.result, MapsrvError):
            raise proposal.result
        position = proposal.record.position if proposal.record else self._live.position
        return Reply(proposal.result, position, durability)

    def release(
        self,
        pending: Pending,
        durability: str | None = None,
        *,
        again: bool = False,
        error: MapsrvError | None = None,
        position: Position | None = None,
    ) -> None:
        """Let go on who waits for it: done, refused with the error, or to be decided again."""
        self._wanted.pop(pending, None)
        worth = durability or self._live.known_durability
        self._acks.release(pending, worth, again=again, error=error, position=position)
