"""Sessions that went on alone come back: what they did is decided again, in order, on the shared history.

A store that lost a session, or its newest events, gets them back from here first. Until the last
command is decided the session stays on its branch, so a store that leaves again takes nothing away.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable

import trio

from mapsrv.core.commands import Command, Prepared, Reapply
from mapsrv.core.lineage import Parted, WentBack, compare
from mapsrv.core.log import Head
from mapsrv.core.proposal import Asked, Pending, Settled, Stale
from mapsrv.core.session import Session
from mapsrv.core.state import MapState
from mapsrv.errors import Busy, MapsrvError, NewerFormat, OutOfDate, StoreAway
from mapsrv.hub.branch import Branch, Wanted, lost_commands
from mapsrv.hub.commit import batch_of
from mapsrv.hub.documents import Documents
from mapsrv.hub.live import LiveSession
from mapsrv.hub.problems import Problem
from mapsrv.hub.restore import current
from mapsrv.hub.seed import seed_of
from mapsrv.metrics import DECIDED_AGAIN, SEEDED
from mapsrv.store import Ok, Refused
from mapsrv.store.shared import SharedStore
from mapsrv.wire import codec

AT_ONCE = 4  # sessions that come back at the same time
SHARE = 256  # commands decided between two commits of one session
ATTEMPTS = 20  # to come in step with a session that others change meanwhile
AGAIN_SECONDS = 5.0  # until a session that cannot come back, though the store answers, tries again

log = logging.getLogger("mapsrv.link")

Prepare = Callable[[Command, MapState], Awaitable[Prepared]]


class Healer:
    """Brings sessions back. `prepare` completes a command; `lost_touch` is told of a store that is away,
    `follow` of a session that is back, `let_go` of one that is not ours any more."""

    def __init__(
        self,
        store: SharedStore,
        documents: Documents,
        prepare: Prepare,
        lost_touch: Callable[[StoreAway], object],
        follow: Callable[[LiveSession], None],
        let_go: Callable[[LiveSession, NewerFormat], None],
    ) -> None:
        self._store, self._documents = store, documents
        self._prepare, self._lost_touch, self._follow, self._let_go = prepare, lost_touch, follow, let_go
        self._due: dict[LiveSession, None] = {}
        self._wake = trio.Event()
        self._places = trio.CapacityLimiter(AT_ONCE)
        self._busy: set[LiveSession] = set()
        self._idle = trio.Event()

    def submit(self, live: LiveSession) -> None:
        """Have a session come back, now that the store answers."""
        if live.branch is not None:
            self._due[live] = None
            self._wake.set()

    async def flushed(self) -> None:
        """Wait until nobody is on the way back; the caller says its bound."""
        while self._due or self._busy:
            self._idle = trio.Event()
            await self._idle.wait()

    async def run(self) -> None:
        """Bring sessions back for ever."""
        async with trio.open_nursery() as nursery:
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                due, self._due = self._due, {}
                for live in [live for live in due if live.branch is not None]:
                    if live in self._busy:
                        self._due[live] = None  # its end looks again
                    else:
                        self._busy.add(live)
                        nursery.start_soon(self._heal, live)

    async def _heal(self, live: LiveSession) -> None:
        branch = live.branch
        assert branch is not None
        try:
            async with self._places:
                await self._meet(live, branch)
                branch.stuck = None
                await self._decide_again(live, branch)
                live.rejoin()
                self._follow(live)
        except StoreAway as error:
            self._lost_touch(error)  # its end starts this anew
        except NewerFormat as error:
            log.warning("session=let_go reason=%s refused=%d", error.code, len(branch))
            self._let_go(live, error)
        except MapsrvError as error:
            log.warning("session=alone reason=%s", error.code)
            branch.stuck = error
            branch.reopen()
            await trio.sleep(AGAIN_SECONDS)
            self._due[live] = None
        finally:
            branch.reopen()
            self._busy.discard(live)
            self._idle.set()
            self._wake.set()

    # --- in step -------------------------------------------------------------------

    async def _meet(self, live: LiveSession, branch: Branch) -> None:
        """Take the store's history for the trunk; give it back what it has lost."""
        for _ in range(ATTEMPTS):
            found = await current(self._store, live.id)
            match compare(branch.trunk, found):
                case WentBack():
                    if not await self._begin_anew(live, branch, found.head if found else None):
                        continue  # another process was first, or went on
                case Parted(missing, others):
                    assert found is not None
                    log.warning("session=parted events=%d", len(missing))
                    branch.add_before(lost_commands(missing, others))
                    branch.trunk = found
                case _:
                    assert found is not None
                    branch.trunk = found
            return
        raise Busy("The map is being changed by others all the time. Try again.", retry_after=1)

    async def _begin_anew(self, live: LiveSession, branch: Branch, expect: Head | None) -> bool:
        await self._store.note_loss()
        seed, trunk = await seed_of(live.id, branch.trunk, expect, secrets.token_hex(8))
        names = {name for part in seed.components.values() for name in part.blobs}
        await self._bring_back(live, trunk.state, names)
        if not await self._store.seed(seed):
            return False
        SEEDED.inc()
        log.warning("session=seeded revision=%d", seed.head.revision)
        branch.trunk = trunk
        return True

    async def _bring_back(self, live: LiveSession, state: MapState, names: set[str]) -> None:
        """Give the store back the documents that it lost too, as far as this process has them."""
        lost = set(await self._documents.bring_back(names))
        for layer in [layer for layer in state if lost.intersection(codec.blob_of(layer))]:
            text = f'The data of "{layer.id}" was lost by the store: give it anew with add_layer.'
            live.problems.report(Problem(text, layer.id))
        if lost:
            log.warning("session=seeded documents_lost=%d", len(lost))

    # --- decided again ---------------------------------------------------------------

    async def _decide_again(self, live: LiveSession, branch: Branch) -> None:
        while branch:
            if len(branch) <= SHARE:
                branch.close()
            share = branch.oldest(SHARE)
            results = [await self._decide(live, branch.trunk, wanted) for wanted in share]
            if branch.trunk.has_pending and not await self._commit(live, branch):
                continue
            branch.done(len(share))
            for wanted, result in zip(share, results, strict=True):
                self._told(live, wanted, result)
            live.wake()  # fewer wait for the store

    async def _commit(self, live: LiveSession, branch: Branch) -> bool:
        """Commit what is pending on the trunk; False when it is to be decided anew."""
        pending = branch.trunk.pending
        try:
            outcome = (await self._store.commit([batch_of(live.id, branch.trunk.head, pending)]))[0]
        except MapsrvError:
            branch.trunk.withdraw()
            raise
        if isinstance(outcome, Ok):
            branch.trunk.committed(len(pending))
            return True
        branch.trunk.withdraw()
        if isinstance(outcome, Refused):
            raise outcome.error
        await self._meet(live, branch)
        return False

    async def _decide(self, live: LiveSession, trunk: Session, wanted: Wanted) -> Pending | Settled:
        def asked(prepared: Prepared) -> Asked:
            return Asked(prepared, wanted.origin, wanted.key, wanted.fingerprint, wanted.at)

        known = trunk.recall(asked(Prepared(wanted.command)))
        if known is not None:
            return known
        if isinstance(wanted.command, Reapply):
            await self._bring_back(live, trunk.state, set(codec.blobs_of(wanted.command.ops)))
            prepared = Prepared(wanted.command, answer=wanted.answer)
        else:
            try:
                prepared = await self._prepare(wanted.command, trunk.proposed)
            except MapsrvError as error:
                if error.temporary:
                    raise
                return Settled(error)
        proposal = trunk.propose(asked(prepared))
        assert not isinstance(proposal, Stale)  # only this task proposes on the trunk
        return proposal

    def _told(self, live: LiveSession, wanted: Wanted, result: Pending | Settled) -> None:
        if isinstance(result, Pending):
            DECIDED_AGAIN.labels("kept").inc()
            if isinstance(wanted.command, Reapply) and len(result.event.ops) < len(wanted.command.ops):
                lost = OutOfDate("A part of it no longer fits: others have changed the map since.")
                live.refuse(wanted, lost)
        elif isinstance(result.result, MapsrvError):
            DECIDED_AGAIN.labels("refused").inc()
            live.refuse(wanted, result.result)
        else:
            DECIDED_AGAIN.labels("known").inc()
