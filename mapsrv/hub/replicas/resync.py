"""The trunk of a branch comes in step with the store, which is given back what it has lost."""

from __future__ import annotations

import logging
import secrets

from mapsrv.core.lineage import Parted, WentBack, compare
from mapsrv.core.log import Head
from mapsrv.core.state import MapState
from mapsrv.errors import Busy
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.problems import Problem
from mapsrv.hub.replicas.load import load_shared
from mapsrv.hub.replicas.offline import Branch, Wanted, lost_commands, touched_by
from mapsrv.hub.replicas.reseed import seed_of
from mapsrv.metrics.maps import SEEDED
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.store.shared import SharedStore
from mapsrv.wire import codec

ATTEMPTS = 20  # to come in step with a session that others change meanwhile

log = logging.getLogger("mapsrv.link")


class Resync:
    """One session's, as often as it is needed on its way back."""

    def __init__(self, store: SharedStore, documents: Documents, live: LiveSession, branch: Branch) -> None:
        self._store, self._documents = store, documents
        self._live, self._branch = live, branch

    async def meet(self) -> None:
        """Take the store's history for the trunk; give it back what it has lost."""
        branch = self._branch
        for _ in range(ATTEMPTS):
            found = await load_shared(self._store, self._live.id)
            match compare(branch.trunk, found):
                case WentBack(others, touched):
                    lost = await lost_commands(others, touched)
                    if not await self._begin_anew(found.head if found else None):
                        continue  # another process was first, or went on
                    self._decide_first(lost)
                case Parted(missing, others):
                    assert found is not None
                    self._decide_first(await lost_commands(missing, await touched_by(others)))
                    branch.trunk = found
                case _:
                    assert found is not None
                    branch.trunk = found
            return
        raise Busy("The map is being changed by others all the time. Try again.", retry_after=1)

    def _decide_first(self, lost: list[Wanted]) -> None:
        if lost:
            log.warning("session=parted", extra={"events": len(lost)})
            self._branch.add_before(lost)

    async def _begin_anew(self, expect: Head | None) -> bool:
        await self._store.note_loss()
        seed, trunk = await seed_of(self._live.id, self._branch.trunk, expect, secrets.token_hex(8))
        names = {name for part in seed.components.values() for name in part.blobs}
        await self.bring_back(trunk.state, names)
        if not await self._store.seed(seed):
            return False
        SEEDED.inc()
        log.warning("session=seeded", extra={"revision": seed.head.revision})
        self._branch.trunk = trunk
        return True

    async def bring_back(self, state: MapState, names: set[str]) -> None:
        """Give the store back the documents that it lost too, as far as this process has them."""
        lost = set(await self._documents.bring_back(names))
        for layer in [layer for layer in state if lost.intersection(codec.blob_of(layer))]:
            text = f'The data of "{layer.id}" was lost by the store: give it anew with add_layer.'
            self._live.problems.report(Problem(text, layer.id))
        if lost:
            log.warning("session=seeded", extra={"documents_lost": len(lost)})
