"""Somebody else's web server on the loopback, and small real tiles for it to serve."""

from __future__ import annotations

import contextlib
import gzip
import io
import mimetypes
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from tests.kit.http_thread import served

Colour = tuple[int, int, int]
Tile = tuple[int, int, int]  # z, x, y
Bounds = tuple[int, int, int, int]  # whole degrees: west, south, east, north
Find = Callable[[str], bytes | None]
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
SIDE = 4096  # units of a vector tile's side


class Elsewhere:
    """What is served by path, and what was asked for; `cors` lets pages of other origins read it."""

    def __init__(self, find: Find, *, cors: bool = True) -> None:
        self.find, self.cors = find, cors
        self.asked: list[tuple[str, str]] = []  # path and Range, in the order of arrival
        self.url = ""


@contextlib.contextmanager
def serving(files: dict[str, bytes] | Find, *, cors: bool = True) -> Iterator[Elsewhere]:
    """Serve files by path, or what a function finds at a path, with Range and CORS."""
    elsewhere = Elsewhere(files.get if isinstance(files, dict) else files, cors=cors)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            elsewhere.asked.append((self.path, asked))
            self.close_connection = True  # else a thread waits for the browser's next request
            found = elsewhere.find(self.path)
            body, status = (b"", 404) if found is None else (found, 200)
            whole = len(body)
            if whole and (part := RANGE.fullmatch(asked)):
                first, last = int(part[1]), min(int(part[2]), whole - 1)
                body, status = body[first : last + 1], 206
            self.send_response(status)
            if status == 206:
                self.send_header("Content-Range", f"bytes {first}-{last}/{whole}")
            kind, _ = mimetypes.guess_type(self.path)
            if kind:  # a browser runs no module without one
                self.send_header("Content-Type", kind)
            if elsewhere.cors:
                self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the page may be closed by now
                self.wfile.write(body)

        def log_message(self, *ignored: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http, served(http) as elsewhere.url:
        yield elsewhere


def picture(colour: Colour, side: int = 256) -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0))
    rows = zlib.compress((b"\0" + bytes(colour) * side) * side)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _varint(value: int) -> bytes:
    rest = b"" if value < 128 else _varint(value >> 7)
    return bytes([value & 127 | (128 if rest else 0)]) + rest


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def vector_tile(layer: str, name: str) -> bytes:
    """Return a Mapbox Vector Tile with one feature: a square that fills the tile and has that name."""
    there, back = 2 * SIDE, 2 * SIDE - 1  # zigzag: of SIDE, of -SIDE
    # MoveTo 0,0; LineTo three corners, clockwise on the screen; ClosePath
    ring = b"".join(map(_varint, (9, 0, 0, 26, there, 0, 0, there, back, 0, 15)))
    feature = _number(1, 7) + _bytes(2, bytes([0, 0])) + _number(3, 3) + _bytes(4, ring)
    value = _bytes(1, name.encode())
    inner = _bytes(1, layer.encode()) + _bytes(2, feature) + _bytes(3, b"name") + _bytes(4, value)
    return _bytes(3, _number(15, 2) + inner + _number(5, SIDE))


def archive(kind: TileType, tiles: dict[Tile, bytes], bounds: Bounds, **metadata: Any) -> bytes:
    """Return a PMTiles archive."""
    file = io.BytesIO()
    writer = Writer(file)
    packed = kind == TileType.MVT
    for tile in sorted(tiles, key=lambda tile: zxy_to_tileid(*tile)):
        writer.write_tile(zxy_to_tileid(*tile), gzip.compress(tiles[tile]) if packed else tiles[tile])
    west, south, east, north = (degrees * 10_000_000 for degrees in bounds)
    header = {
        "tile_type": kind,
        "tile_compression": Compression.GZIP if packed else Compression.NONE,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 0,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }
    writer.finalize(header, metadata)
    return file.getvalue()
