"""GeoJSON documents as blobs: each stored once under the sha256 of its regular form, for ever the same.

What computes on more than INLINE bytes goes to a worker process; only bytes and Summaries come back.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from mapsrv.core.bounds import Bounds
from mapsrv.core.data_summary import Summary
from mapsrv.core.ops import FeatureId
from mapsrv.core.state import Json
from mapsrv.core.windows import holds
from mapsrv.errors import Busy, TooLarge, UnknownData
from mapsrv.prepare import geojson_jobs
from mapsrv.prepare.geojson_jobs import Merged, Regular
from mapsrv.prepare.process_pool import Workers, started
from mapsrv.prepare.summaries import PREFIX, Summaries
from mapsrv.store import Store
from mapsrv.store.damage import damaged, is_intact
from mapsrv.store.shared import SharedStore
from mapsrv.style_spec import Sample

INLINE = 32 * 1024  # bytes of GeoJSON: some 4 ms on the loop, of the 10 that it may be held
MAX_REMEMBERED = 64 * 1024 * 1024  # bytes of documents, for a store that loses them

_NAME = re.compile(r"[0-9a-f]{64}")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of a document: its address data/NAME, the size of its regular form, and its Summary."""

    data: str
    bytes: int
    summary: Summary


class Documents:
    """The documents of a store. `max_data` is in bytes; `clock` gives Unix time in seconds."""

    def __init__(self, store: Store, *, max_data: int, clock: Callable[[], float]) -> None:
        self.max_data = max_data
        self._store = store
        self._forgetful = isinstance(store, SharedStore)
        self.clock = clock
        self._workers = Workers()
        self.summaries = Summaries()
        self.bodies: OrderedDict[str, bytes] = OrderedDict()  # the newest used, where the store can lose them
        self._size = 0

    async def warm(self) -> None:
        """Start a worker ahead, so that the first large document need not wait for it."""
        try:
            await self._workers.run(started)
        except Busy:
            return  # who needs a worker will be told

    async def put(self, body: bytes) -> Stored:
        """Store any GeoJSON made regular. Raises TooLarge, InvalidGeoJson, Busy, StoreUnavailable."""
        return await self.keep(await self.regular(body))

    async def get(self, name: str) -> bytes:
        """Return the document of that name. Raises UnknownData, and StoreDamaged for other bytes than its."""
        body = await self._store.get_blob(name) if _NAME.fullmatch(name) else None
        if body is None:
            raise _unknown(name)
        if not await is_intact(name, body):
            trouble = "is not what was stored under that name"
            raise damaged("map_data", f"data/{name}", trouble, "or POST it to /data again")
        self._remember_body(name, body)
        return body

    async def regular(self, body: bytes) -> Regular:
        """Return any GeoJSON made regular, not stored yet. Raises TooLarge, InvalidGeoJson, Busy."""
        self.check_size(len(body))
        regular = await self._compute(len(body), geojson_jobs.regular, body)
        self.check_size(len(regular.body))
        return regular

    async def keep(self, regular: Regular) -> Stored:
        """Store a regular document, or renew the one that is there."""
        await self._store.put_blob(regular.name, regular.body, now=self.clock())
        self.summaries.remember(regular.name, regular.summary)
        self._remember_body(regular.name, regular.body)
        return Stored(PREFIX + regular.name, len(regular.body), regular.summary)

    async def bring_back(self, names: Collection[str]) -> list[str]:
        """Have the store keep these, also those that it has lost; return what is lost for good."""
        lost = []
        for name in names:
            if await self._store.renew_blob(name, now=self.clock()):
                continue
            body = self.bodies.get(name)
            if body is None:
                lost.append(name)
            else:
                await self._store.put_blob(name, body, now=self.clock())
        return lost

    async def renew(self, address: str) -> Summary:
        """Renew the document at data/NAME, and return its Summary. Raises UnknownData.

        One that the store forgot, while what names it waited for the store, is brought back.
        """
        name = address.removeprefix(PREFIX)
        if not _NAME.fullmatch(name) or await self.bring_back([name]):
            raise _unknown(name)
        return await self._summary_of(name)

    async def summary(self, source: Mapping[str, Json]) -> Summary | None:
        """Return the Summary of a source's data, or None when it is not kept here. Raises UnknownData."""
        data = source.get("data")
        if isinstance(data, str):
            return await self._summary_of(data.removeprefix(PREFIX)) if is_address(data) else None
        return self.summaries.inline(data) if isinstance(data, dict) else None

    async def body(self, source: Mapping[str, Json]) -> bytes | None:
        """Return a source's data as JSON, or None when it is not kept here. Raises UnknownData."""
        if not is_ours(source):
            return None
        data = source["data"]
        if isinstance(data, str):
            return await self.get(data.removeprefix(PREFIX))
        return geojson_jobs.dumped(data)

    async def merged(self, base: bytes, change: bytes, promote_id: Json) -> Merged:
        """Return the regular document `base` after {"add", "update", "remove"}, not stored yet."""
        self.check_size(len(change))
        merged = await self._compute(len(base) + len(change), geojson_jobs.merged, base, change, promote_id)
        self.check_size(len(merged.regular.body))
        return merged

    async def bounds_of_features(self, body: bytes, feature_ids: Sequence[FeatureId]) -> Bounds | None:
        """Return the bounds of these features, or None when they have no geometry. Raises InvalidArgument."""
        return await self._compute(len(body), geojson_jobs.bounds_of_features, body, tuple(feature_ids))

    async def sampled(self, name: str, body: bytes) -> Sample:
        """Return a sample of a regular document, under that name. Raises Busy."""
        return Sample(name, *await self._compute(len(body), geojson_jobs.sampled, body))

    async def holds_box(self, source: Mapping[str, Json], box: Bounds) -> bool:
        """Return whether one area of a source's data holds all of the box; False for data of others."""
        about = await self.summary(source)
        if about is None or about.bounds is None or not holds(about.bounds, box):
            return False
        data = source["data"]
        known = self.summaries.held(data, box) if isinstance(data, str) else None
        if known is None:
            body = await self.body(source) or b""
            known = await self._compute(len(body), geojson_jobs.holds_box, body, box)
            if isinstance(data, str):
                self.summaries.note_held(data, box, known)
        return known

    def check_size(self, size: int) -> None:
        """Raise TooLarge for more bytes than a document may have; `size` may be all that is known of it."""
        if size > self.max_data:
            raise TooLarge(
                f"The GeoJSON has {_mebibytes(size)}; this server takes at most {_mebibytes(self.max_data)}"
                " (--max-data). Simplify the shapes, round coordinates to 6 digits, leave out properties, or"
                " give the source as tiles or as a URL that the browser loads."
            )

    async def _summary_of(self, name: str) -> Summary:
        known = self.summaries.get(name)
        if known is None:
            body = await self.get(name)
            known = await self._compute(len(body), geojson_jobs.summarised, body)
        self.summaries.remember(name, known)
        return known

    def _remember_body(self, name: str, body: bytes) -> None:
        if not self._forgetful or len(body) > MAX_REMEMBERED:
            return
        self._size += len(body) - len(self.bodies.pop(name, b""))
        self.bodies[name] = body
        while self._size > MAX_REMEMBERED:
            self._size -= len(self.bodies.popitem(last=False)[1])

    async def _compute(self, size: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if size <= INLINE:
            return call(*args, **kwargs)
        return await self._workers.run(call, *args, **kwargs)


def is_address(data: str) -> bool:
    """Return whether the text is data/NAME, the address of a document here."""
    return data.startswith(PREFIX) and _NAME.fullmatch(data, len(PREFIX)) is not None


def is_ours(source: Mapping[str, Json]) -> bool:
    """Return whether a source's data is kept here: as data/NAME, or in the source itself."""
    data = source.get("data")
    return is_address(data) if isinstance(data, str) else isinstance(data, dict)


def _unknown(name: str) -> UnknownData:
    why = "it was never stored, or no map used it within an hour"
    return UnknownData(f"There is no data/{name[:64]} here: {why}. POST it to /data again.")


def _mebibytes(size: int) -> str:
    return f"{size:,} bytes" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MiB"
