"""Whether a text is a colour as MapLibre reads it: CSS Color 4's names, hex, rgb() and hsl().

As there, an angle is a number with or without `deg`, and commas and spaces never mix.
"""

from __future__ import annotations

import re

from mapsrv.core.style_names import COLORS

MAX_LENGTH = 100  # characters of a colour; longer ones are not looked at
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"


def _function(names: str, channels: tuple[str, str, str]) -> str:
    commas = r"\s*,\s*".join((*channels[:2], channels[2] + rf"(?:\s*,\s*{_NUMBER}%?)?"))
    spaces = r"\s+".join((*channels[:2], channels[2] + rf"(?:\s*/\s*{_NUMBER}%?)?"))
    return rf"{names}\(\s*(?:{commas}|{spaces})\s*\)"


_PATTERN = re.compile(
    "|".join(
        (
            r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})",
            _function("rgba?", (_NUMBER, _NUMBER, _NUMBER)),
            _function("rgba?", (rf"{_NUMBER}%", rf"{_NUMBER}%", rf"{_NUMBER}%")),
            _function("hsla?", (rf"{_NUMBER}(?:deg)?", rf"{_NUMBER}%", rf"{_NUMBER}%")),
        )
    )
)


def is_color(text: str) -> bool:
    """Return whether MapLibre takes the text as a colour."""
    plain = text.strip().lower()
    return len(plain) <= MAX_LENGTH and (plain in COLORS or _PATTERN.fullmatch(plain) is not None)
