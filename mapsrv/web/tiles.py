"""The built-in ground's tiles: one file that the build packed, answered in slices by zoom, column and row.

static/scripts/ground/tiles.mjs writes it and says how. It is mapped, not read: what nobody looks at takes
no memory. A page that does not say gzip in Accept-Encoding gets its tile unpacked.
"""

from __future__ import annotations

import gzip
import mmap
import struct
from pathlib import Path

from mapsrv.errors import StartupError

_HEAD = struct.Struct(">4sI")
_MAGIC = b"GRND"
_PLACE = struct.Struct(">II")  # where a tile begins, and where the next one does
_NAME = "ground-*.tiles"
MOST_ZOOMS = 16  # of a file that we made; more is none


class Tiles:
    """The tiles of one build. Without a file there are none, and `version` is empty."""

    def __init__(self, folder: Path) -> None:
        """Map the file in the folder; raises StartupError where it is torn."""
        self.version = ""
        self.zooms = 0
        found = sorted(folder.glob(_NAME))
        if not found:
            return
        with found[-1].open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, self.zooms = _HEAD.unpack_from(self._bytes)
        if magic != _MAGIC or self.zooms > MOST_ZOOMS or self._end() != len(self._bytes):
            raise StartupError(f"The ground's tiles are torn: build the page again ({found[-1].name}).")
        self.version = found[-1].stem.partition("-")[2]

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return a gzipped tile, empty where there is nothing but water; None where there is no such tile."""
        if not (0 <= z < self.zooms and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        start, end = _PLACE.unpack_from(self._bytes, self._place(z, x, y))
        return self._bytes[start:end]

    def _place(self, z: int, x: int, y: int) -> int:
        before: int = (4**z - 1) // 3  # tiles of the zooms before
        return _HEAD.size + 4 * (before + (x << z) + y)

    def _end(self) -> int:
        _, end = _PLACE.unpack_from(self._bytes, self._place(self.zooms, 0, 0) - 4)
        return int(end)


def plain(tile: bytes) -> bytes:
    """Return a tile as it is without gzip."""
    return gzip.decompress(tile) if tile else b""
