"""A file of tiles as static/scripts/ground/tiles.mjs packs it, and small."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence

VERSION = "abc123"


def packed(tiles: Sequence[bytes], zooms: int = 2) -> bytes:
    """Return a file of these tiles, in the order of zoom, column and row; b"": a tile with nothing in it."""
    bodies = [gzip.compress(tile) if tile else b"" for tile in tiles]
    at = 8 + 4 * (len(bodies) + 1)
    places = [at + sum(map(len, bodies[:count])) for count in range(len(bodies) + 1)]
    return b"".join([b"GRND", struct.pack(f">{len(places) + 1}I", zooms, *places), *bodies])
