"""What a person sees, pixel by pixel: one screenshot, read as often as is asked."""

from __future__ import annotations

import struct
import zlib

from playwright.sync_api import Page

Rgb = tuple[int, int, int]


class Picture:
    """A screenshot of 8-bit RGB or RGBA, as Chromium makes them."""

    def __init__(self, png: bytes) -> None:
        data, at = b"", 8
        while at < len(png):
            size, kind = struct.unpack(">I4s", png[at : at + 8])
            if kind == b"IHDR":
                self.width, self.height, _, colours = struct.unpack(">IIBB", png[at + 8 : at + 18])
            data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
            at += 12 + size
        self._bytes = {2: 3, 6: 4}[colours]
        self._rows = self._unfiltered(zlib.decompress(data))

    @classmethod
    def of(cls, page: Page, clip: dict[str, int]) -> Picture:
        """Take a part of the page: x, y, width, height."""
        return cls(page.screenshot(clip=clip))

    def at(self, x: int, y: int) -> Rgb:
        """Return a pixel's colour."""
        start = x * self._bytes
        red, green, blue = self._rows[y][start : start + 3]
        return red, green, blue

    def _unfiltered(self, data: bytes) -> list[bytearray]:
        stride, step = self.width * self._bytes, self._bytes
        rows, before = [], bytearray(stride)
        for y in range(self.height):
            kind, row = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
            for x in range(stride):
                left, up = row[x - step] if x >= step else 0, before[x]
                corner = before[x - step] if x >= step else 0
                row[x] = (row[x] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]) & 255
            rows.append(row)
            before = row
        return rows


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def rgb(colour: str) -> Rgb:
    """Return "#rrggbb" as three numbers."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def near(one: Rgb, other: Rgb, within: int = 6) -> bool:
    """Return whether two colours are alike but for what a renderer rounds."""
    return max(abs(a - b) for a, b in zip(one, other)) <= within
