"""Names as they are compared: small letters without marks, words with one space between."""

from __future__ import annotations

import re
import unicodedata

# What NFKD leaves as it is, though keyboards and atlases write it otherwise.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_BETWEEN = re.compile(r"[\W_]+")
_SAINT = re.compile(r"\b(?:saint|sankt)\b")


def folded(name: str) -> str:
    """Return the name as it is compared: "Zürich" is "zurich", and "St. Gallen" is "Sankt Gallen"."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    for mark in "'’‘ʻʼ`":
        plain = plain.replace(mark, "")
    return _SAINT.sub("st", _BETWEEN.sub(" ", plain).strip())
