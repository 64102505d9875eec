"""What a person sees, pixel by pixel: one screenshot, read as often as is asked."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page

Rgb = tuple[int, int, int]


class Picture:
    """A PNG, with a colour at each of its pixels."""

    def __init__(self, png: bytes) -> None:
        image = Image.open(BytesIO(png)).convert("RGB")
        self.width, self.height = image.size
        self._bytes = image.tobytes()

    @classmethod
    def of(cls, page: Page, clip: dict[str, int]) -> Picture:
        """Take a part of the page: x, y, width, height."""
        return cls(page.screenshot(clip=clip))

    def at(self, x: int, y: int) -> Rgb:
        """Return a pixel's colour."""
        start = 3 * (y * self.width + x)
        red, green, blue = self._bytes[start : start + 3]
        return red, green, blue

    def colours(self) -> set[Rgb]:
        """Return each colour that is somewhere in it."""
        parts = iter(self._bytes)
        return set(zip(parts, parts, parts, strict=True))


def pixel(page: Page, x: int, y: int) -> Rgb:
    """Return the colour of one pixel of what a person sees."""
    return Picture.of(page, {"x": x, "y": y, "width": 1, "height": 1}).at(0, 0)


def rgb(colour: str) -> Rgb:
    """Return "#rrggbb" as three numbers."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def near(one: Rgb, other: Rgb, within: int = 6) -> bool:
    """Return whether two colours are alike but for what a renderer rounds."""
    return max(abs(a - b) for a, b in zip(one, other)) <= within
