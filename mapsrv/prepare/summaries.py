"""What is remembered of data, so that it is read once: Summaries, and which areas hold which boxes.

A document never changes under its name, and data in a source is the same value until somebody changes it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from mapsrv.core.bounds import Bounds
from mapsrv.core.data_summary import Summary
from mapsrv.core.state import Json
from mapsrv.prepare import geojson_jobs

MAX_SUMMARIES = 256  # remembered; each is mostly under 10 KiB, and made anew from its blob in time
MAX_HELD = 1_000  # answers to whether an area holds a box
PREFIX = "data/"  # of a document's address, relative to the server's


class Summaries:
    """The newest used of each kind."""

    def __init__(self) -> None:
        self._named: OrderedDict[str, Summary] = OrderedDict()
        self._inline: OrderedDict[int, tuple[Mapping[str, Json], Summary]] = OrderedDict()  # by identity
        self._held: OrderedDict[tuple[str, Bounds], bool] = OrderedDict()

    def get(self, name: str) -> Summary | None:
        """Return the Summary of the document of that name, where it is remembered."""
        return self._named.get(name)

    def remember(self, name: str, summary: Summary) -> None:
        """Note the Summary of a document."""
        self._named[name] = summary
        self._named.move_to_end(name)
        if len(self._named) > MAX_SUMMARIES:
            self._named.popitem(last=False)

    def inline(self, data: Mapping[str, Json]) -> Summary:
        """Return the Summary of data that stands in a source itself."""
        known = self._inline.get(id(data))
        if known is None or known[0] is not data:
            known = data, geojson_jobs.summarised(geojson_jobs.dumped(data))
            self._inline[id(data)] = known
            if len(self._inline) > MAX_SUMMARIES:
                self._inline.popitem(last=False)
        return known[1]

    def count(self, source: Mapping[str, Json]) -> int | None:
        """Return how many features a source has, where that is known without reading its data."""
        data = source.get("data")
        if isinstance(data, str):
            known = self.get(data.removeprefix(PREFIX))
            return None if known is None else known.features
        features = data.get("features") if isinstance(data, dict) else None
        return len(features) if isinstance(features, list) else None

    def held(self, address: str, box: Bounds) -> bool | None:
        """Return whether an area of a document holds a box, where that is remembered."""
        return self._held.get((address, box))

    def note_held(self, address: str, box: Bounds, found: bool) -> None:
        """Note whether an area of a document holds a box."""
        self._held[address, box] = found
        if len(self._held) > MAX_HELD:
            self._held.popitem(last=False)
