"""prepare() with what one server has to prepare by."""

from __future__ import annotations

from dataclasses import dataclass

from mapsrv.core.commands import Command
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import MapState
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.prepare.style_check import StyleCheck


@dataclass(slots=True)
class Preparer:
    """The data of one server, its judge of styles (which a test may change), and the places that it knows."""

    documents: Documents
    style: StyleCheck
    gazetteer: Gazetteer

    async def judged(self, command: Command, state: MapState) -> Prepared:
        """Prepare a command that comes for the first time."""
        return await prepare(command, state, self.documents, self.style, self.gazetteer)

    async def again(self, command: Command, state: MapState) -> Prepared:
        """Prepare one that was judged when it was accepted."""
        return await prepare(command, state, self.documents, gazetteer=self.gazetteer)
