"""Samples of the data that is kept here, for trying styles on: made once of a document, the newest kept."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping

from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError
from mapsrv.prepare import geojson_jobs
from mapsrv.prepare.geojson_blobs import Documents, is_ours
from mapsrv.style_spec import Sample

MAX_HELD = 8 * 1024 * 1024  # bytes of rows


class Samples:
    """Those of one server."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Sample] = OrderedDict()
        self._size = 0

    async def of(self, source: Mapping[str, Json], documents: Documents) -> Sample | None:
        """Return the sample of a source's data; None where it is not kept here, or cannot be read now."""
        if not is_ours(source):
            return None
        data = source["data"]
        body = None if isinstance(data, str) else geojson_jobs.dumped(data)
        name = data if body is None else hashlib.sha256(body).hexdigest()
        held = self._held.get(name)
        if held is None:
            try:
                body = body or await documents.body(source)
                assert body is not None
                held = await documents.sampled(name, body)
            except MapsrvError:
                return None  # what cannot be read is told by who needs it
            self._held[name] = held
            self._size += len(held.rows)
        self._held.move_to_end(name)
        while self._size > MAX_HELD and len(self._held) > 1:
            self._size -= len(self._held.popitem(last=False)[1].rows)
        return held
