"""The gazetteer as the server has it: read in a thread at its first use, then kept; asked without I/O.

Where the build's file is missing, nothing is known: who asks for a place is told so, and nothing else fails.
"""

from __future__ import annotations

import logging
import zlib
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import trio

from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer.documents import document
from mapsrv.gazetteer.finding import answer
from mapsrv.gazetteer.nearest import Grid
from mapsrv.gazetteer.places import LngLat, Places
from mapsrv.wire.builtin import Builtin
from mapsrv.wire.tools.requests import FindPlaces

Json: TypeAlias = Any

DATA = Path(__file__).with_name("data")

log = logging.getLogger("mapsrv.gazetteer")


class Gazetteer:
    """What is known of places, for all maps of a process."""

    def __init__(self, folder: Path | None = DATA) -> None:
        """`folder` has what the build made; None: nothing is known."""
        self._folder = folder
        self._known: tuple[Places, Grid] | None = None
        self._missing = folder is None
        self._reading = trio.Lock()  # however many ask first, it is read once
        self._turn = trio.CapacityLimiter(1)  # one thread at a time: more would only keep the loop waiting

    async def find(self, request: FindPlaces) -> dict[str, Json]:
        """Return the result of find_places. Raises InvalidArgument."""
        places, _ = await self._opened()
        return await trio.to_thread.run_sync(answer, places, request, limiter=self._turn)

    async def document(self, builtin: Builtin) -> bytes:
        """Return the GeoJSON of a "builtin:" source. Raises InvalidArgument."""
        places, _ = await self._opened()
        made = partial(document, places, self._folder or DATA, builtin)
        return await trio.to_thread.run_sync(made, limiter=self._turn)

    async def near(self, point: LngLat) -> str | None:
        """Return where a point [lng, lat] is, told by a place that is near; None where none is known.

        Some 0.1 ms on the loop, once the places are read.
        """
        try:
            _, grid = await self._opened()
        except InvalidArgument:
            return None
        return grid.near(point)

    async def _opened(self) -> tuple[Places, Grid]:
        if self._known is None and self._folder is not None:
            async with self._reading:
                if self._known is None and not self._missing:
                    self._known = await trio.to_thread.run_sync(partial(_read, self._folder))
                    self._missing = self._known is None
        if self._known is None:
            raise InvalidArgument("This server knows no places: it was installed without its list of them.")
        return self._known


def _read(folder: Path) -> tuple[Places, Grid] | None:
    try:
        places = Places((folder / "places.bin").read_bytes())
    except (OSError, ValueError, KeyError, zlib.error) as error:
        log.warning("gazetteer=missing", extra={"reason": type(error).__name__})
        return None
    return places, Grid(places)


NOWHERE = Gazetteer(None)
