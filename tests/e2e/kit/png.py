"""What is in a picture that a map gave: its size, and its colours."""

from __future__ import annotations

import struct
import zlib

Colour = tuple[int, int, int]


def colours(png: bytes) -> tuple[int, int, set[Colour]]:
    """Return the size of a PNG of 8 bits, and the colours in it."""
    at, data = 8, b""
    width, height, _depth, kind = struct.unpack(">IIBB", png[16:26])
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if name == b"IDAT" else b""
        at += 12 + size
    channels = {2: 3, 6: 4}[kind]
    rows, stride, found = zlib.decompress(data), width * channels, set()
    before = bytearray(stride)
    for y in range(height):
        how, line = rows[y * (stride + 1)], bytearray(rows[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        _unfilter(how, line, before, channels)
        found |= {(line[x], line[x + 1], line[x + 2]) for x in range(0, stride, channels)}
        before = line
    return width, height, found


def _unfilter(how: int, line: bytearray, above: bytearray, step: int) -> None:
    """Make a row's differences bytes again, in place. (PNG, Filter Algorithms)"""
    if how == 0:
        return
    for i, up in enumerate(above):
        left = line[i - step] if i >= step else 0
        if how == 4:
            line[i] = (line[i] + _paeth(left, up, above[i - step] if i >= step else 0)) & 255
        else:
            line[i] = (line[i] + (left, up, (left + up) // 2)[how - 1]) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
