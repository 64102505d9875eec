"""One session's way back from its branch: what was done alone is decided again on the shared history.

What can happen, and what each odd line is for:

- The store lost the session, or its newest events: they are given back first (resync.py). A store that
  leaves again takes nothing away, since a command leaves the branch only when it is committed.
- Others go on meanwhile. A share of commands is decided on the trunk and committed as one, all or
  nothing; when another process was faster the answer brings what came since, the trunk takes it, and
  the share is decided anew, half as large: the smaller it is, the sooner it is there. One that was
  taken lets the next be twice as large.
- Others never rest. A share of one that was overtaken again and again asks for a turn: the other
  processes hold their next batch of this map for a moment (`LiveSession.hold`), and what is committed
  then counts. So each command costs a bounded number of attempts, whatever the others do.
- The map is large. Deciding costs something for each of its layers, and each decided command keeps an
  index of them until the share is there. So every command is a turn of the loop of its own, of each
  component only the last value is encoded, and a share is small where the map is large.
- New commands are done on the branch, at its end. Only when what is left fits one share do they wait:
  else they might put the end off for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import trio

from mapsrv.core.commands import Command, Reapply
from mapsrv.core.log import OutOfStep
from mapsrv.core.prepared import Prepared
from mapsrv.core.proposal import Asked, Pending, Settled, Stale
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError, OutOfDate
from mapsrv.hub.batch_encoding import batch_of
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.catch_up import heard, slices
from mapsrv.hub.replicas.offline import Branch, Wanted
from mapsrv.hub.replicas.parting import refuse
from mapsrv.hub.replicas.resync import Resync
from mapsrv.metrics.maps import CONFLICTS, DECIDED_AGAIN, HEALING_ATTEMPTS
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.store import Entry, Moved, Ok, Refused
from mapsrv.store.shared import SharedStore
from mapsrv.wire import codec

SHARE = 256  # commands decided between two commits
SHARE_BYTES = 1024 * 1024
SHARE_LAYERS = 100_000  # entries of the indexes that one share keeps: some 10 MiB
PATIENCE = 8  # shares of one command that are overtaken before a turn is asked for
ASK_SECONDS = 1.0  # between two asks for a turn: the others do not hold still more often

Prepare = Callable[[Command, MapState], Awaitable[Prepared]]


@dataclass(frozen=True, slots=True)
class Means:
    """What bringing sessions back needs. `prepare` completes a command, `ask` has the others hold still."""

    store: SharedStore
    documents: Documents
    prepare: Prepare
    ask: Callable[[LiveSession], Awaitable[None]]


class Reconciler:
    """Brings one session back; run() ends when its branch is empty."""

    def __init__(self, means: Means, live: LiveSession, branch: Branch) -> None:
        self._store, self._prepare, self._ask = means.store, means.prepare, means.ask
        self._resync = Resync(means.store, means.documents, live, branch)
        self._live, self._branch = live, branch
        self._most, self._overtaken = SHARE, 0
        self._asked = -ASK_SECONDS

    async def run(self) -> None:
        """Come in step, and decide all again. Raises MapsrvError, with what is left still on the branch."""
        await self._resync.meet()
        self._branch.stuck = None
        while self._branch:
            await self._attempt()

    async def _attempt(self) -> None:
        """Decide the oldest commands and commit them; what is overtaken stays where it is."""
        HEALING_ATTEMPTS.inc()
        branch = self._branch
        most = min(self._most, max(1, SHARE_LAYERS // (1 + len(branch.trunk.state.layers))))
        share = branch.oldest(most, SHARE_BYTES)
        if len(share) == len(branch):
            branch.close()
        else:
            branch.reopen()
        try:
            results = [await self._decide(wanted) for wanted in share]
            taken = not branch.trunk.has_pending or await self._commit()
        except BaseException:
            branch.trunk.withdraw()
            raise
        if not taken:
            return
        branch.done(len(share))
        for wanted, result in zip(share, results, strict=True):
            self._told(wanted, result)
        self._live.wake()  # fewer wait for the store

    async def _commit(self) -> bool:
        """Commit what is pending on the trunk; False when it is to be decided anew."""
        trunk = self._branch.trunk
        pending = trunk.pending
        (outcome,) = await self._store.commit([await batch_of(self._live.id, trunk.head, pending)])
        if isinstance(outcome, Ok):
            trunk.committed(len(pending))
            self._most, self._overtaken = min(SHARE, 2 * self._most), 0
            return True
        trunk.withdraw()
        if isinstance(outcome, Refused):
            raise outcome.error
        if not (isinstance(outcome, Moved) and outcome.news and await self._follow(outcome.news)):
            await self._resync.meet()
        await self._yielded_to(len(pending))
        return False

    async def _follow(self, entries: Sequence[Entry]) -> bool:
        """Bring the trunk to where the store is; False where that needs the whole session."""
        try:
            for some in slices(entries):
                self._branch.trunk.absorb([heard(entry) for entry in some])
                await trio.lowlevel.checkpoint()
        except (OutOfStep, ValueError, KeyError, TypeError):
            return False  # another release's, or torn: a load says so
        return True

    async def _yielded_to(self, count: int) -> None:
        """Note that a share of so many was overtaken."""
        CONFLICTS.inc()
        self._overtaken += count == 1
        self._most = max(1, min(self._most, count) // 2)
        if self._overtaken >= PATIENCE and trio.current_time() >= self._asked + ASK_SECONDS:
            self._asked = trio.current_time()
            await self._ask(self._live)

    async def _decide(self, wanted: Wanted) -> Pending | Settled:
        await trio.lowlevel.checkpoint()

        def asked(prepared: Prepared) -> Asked:
            return Asked(prepared, wanted.origin, wanted.key, wanted.fingerprint, wanted.at)

        trunk = self._branch.trunk
        known = trunk.recall(wanted.key, wanted.fingerprint)
        if known is not None:
            return known
        if isinstance(wanted.command, Reapply):
            await self._resync.bring_back(trunk.state, set(codec.blobs_of(wanted.command.ops)))
            prepared = Prepared(wanted.command, answer=wanted.answer)
        else:
            try:
                prepared = await self._prepare(wanted.command, trunk.proposed)
                prepared = replace(prepared, answer=wanted.answer)
            except MapsrvError as error:
                if error.temporary:
                    raise
                return Settled(error)
        proposal = trunk.propose(asked(prepared))
        assert not isinstance(proposal, Stale)  # only this task proposes on the trunk
        return proposal

    def _told(self, wanted: Wanted, result: Pending | Settled) -> None:
        if isinstance(result, Pending):
            DECIDED_AGAIN.labels("kept").inc()
            if isinstance(wanted.command, Reapply) and len(result.event.ops) < len(wanted.command.ops):
                lost = OutOfDate("A part of it no longer fits: others have changed the map since.")
                refuse(self._live, wanted, lost)
        elif isinstance(result.result, MapsrvError):
            DECIDED_AGAIN.labels("refused").inc()
            refuse(self._live, wanted, result.result)
        else:
            DECIDED_AGAIN.labels("known").inc()
