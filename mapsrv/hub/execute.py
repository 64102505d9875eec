"""The gate to all maps: each command is prepared, proposed, and answered when the store has it.

The commands of one author on one map go through in the order in which they came.

Another process may have answered this caller a moment ago, and the news of it may not be here yet. A
command that is accepted meets what it follows in the store, at its commit. One that is refused, or would
change nothing, meets nobody: so it is decided once more, after this process is where the store is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from mapsrv.core.commands import Command
from mapsrv.core.log import Origin, Position
from mapsrv.core.prepared import Answer, Prepared
from mapsrv.core.proposal import Asked, Pending, Settled, Stale
from mapsrv.core.state import MapState
from mapsrv.errors import Busy, MapsrvError, TooMany
from mapsrv.hub.acks import Waiter
from mapsrv.hub.author_queue import Ticket
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.offline import Wanted, size_of
from mapsrv.wire.fingerprint import fingerprint

ATTEMPTS = 3  # preparations of a command whose layers change meanwhile, before it is told to try later
MAX_WAITING = 1_000  # commands of one session that are not answered yet; more is a runaway caller

Prepare: TypeAlias = Callable[[Command, MapState], Awaitable[Prepared]]
CatchUp: TypeAlias = Callable[[LiveSession], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the author of a command is told; `durability` is what that is worth."""

    answer: Answer
    position: Position
    durability: str


class _Call(NamedTuple):
    """A command on its way. `key` is author-scoped, `at` RFC 3339 UTC."""

    command: Command
    origin: Origin
    key: str
    fingerprint: str
    at: str


class CommandGate:
    """`prepare` does all that waits before a command is decided, `submit` has what is pending committed.

    `catch_up` waits until a session is where the store is; False where there was nothing to wait for.
    """

    def __init__(self, prepare: Prepare, submit: Callable[[LiveSession], None], catch_up: CatchUp) -> None:
        self.prepare, self._submit, self._catch_up = prepare, submit, catch_up

    async def execute(self, live: LiveSession, command: Command, origin: Origin, key: str, at: str) -> Reply:
        """Prepare, propose and wait for the store; raises MapsrvError when refused."""
        author = (origin.kind, origin.id)
        queue = live.queues[author]
        if len(queue) >= MAX_WAITING:
            raise TooMany(
                "Too many commands of yours wait for an answer. Wait for some answers first.", retry_after=1
            )
        ticket = queue.draw()
        scoped = f"{key} {origin.kind}:{origin.id}"
        print_ = fingerprint(command)
        call = _Call(command, origin, scoped, print_, at)
        try:
            while True:
                await queue.turn(ticket)
                await live.opened()
                proposal = await self._decide_in_step(live, call)
                if live.gone is not None:
                    raise live.gone
                if isinstance(proposal, Pending) and proposal not in live.acks:
                    size, told = size_of(command, proposal.event.body), proposal.event.record.answer
                    live.acks.keep(proposal, Wanted(command, origin, scoped, print_, at, size, told))
                waiter = self._wait_for(live, proposal, ticket)
                queue.done(ticket)
                if waiter is not None:
                    await waiter.ready.wait()
                    if waiter.again:
                        continue
                    if waiter.error is not None:
                        raise waiter.error
                return _answer(live, proposal, waiter)
        finally:
            queue.leave(ticket)
            if not queue:
                live.queues.pop(author, None)

    async def _decide_in_step(self, live: LiveSession, call: _Call) -> Pending | Settled:
        """Decide; what comes to nothing, once more on what the store has."""
        proposal: Pending | Settled
        try:
            proposal = await self._decide(live, call)
        except MapsrvError as refusal:
            proposal = Settled(refusal)
        comes_to_nothing = isinstance(proposal, Settled) and proposal.record is None
        if comes_to_nothing and await self._catch_up(live):
            return await self._decide(live, call)
        return proposal

    async def _decide(self, live: LiveSession, call: _Call) -> Pending | Settled:
        known = live.session.recall(call.key, call.fingerprint)
        if known is not None:
            return known
        for _ in range(ATTEMPTS):
            prepared = await self.prepare(call.command, live.session.proposed)
            proposal = live.session.propose(
                Asked(prepared, call.origin, call.key, call.fingerprint, call.at)
            )
            if not isinstance(proposal, Stale):
                return proposal
        raise Busy("The layer is being changed by others all the time. Try again.", retry_after=1)

    def _wait_for(self, live: LiveSession, proposal: Pending | Settled, ticket: Ticket) -> Waiter | None:
        pending = proposal.after if isinstance(proposal, Settled) else proposal
        if pending is None:
            return None
        waiter = live.acks.add(pending, ticket)
        self._submit(live)
        return waiter


def _answer(live: LiveSession, proposal: Pending | Settled, waiter: Waiter | None) -> Reply:
    durability = waiter.durability if waiter else live.known_durability
    if isinstance(proposal, Pending):
        position = waiter.position if waiter and waiter.position else proposal.event.record.position
        return Reply(proposal.event.record.answer, position, durability)
    if isinstance(proposal.result, MapsrvError):
        raise proposal.result
    position = proposal.record.position if proposal.record else live.position
    return Reply(proposal.result, position, durability)
