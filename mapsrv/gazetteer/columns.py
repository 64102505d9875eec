"""The file of places: written by the build (cut_places/), read here; columns, so that it is read at once.

A line of JSON, which says what follows and holds countries and states, then the columns one after the
other, all of it compressed. Cities are in the order of their population, so that whatever looks through
them meets the large ones first. Nothing here makes an object a city: 69,000 are some 6 MB.

names     what each city is called, in UTF-8, a line each
searched  a line each, "|name|another name|": all folded (names.py), in UTF-8
codes     two letters each: the country
regions   two letters each: the US state, else spaces
lngs, lats  thousandths of a degree: some 100 m
people    how many
ids       GeoNames' own
parts     a byte each: 1 for a part of another city here, as GeoNames has Brooklyn
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any

FORMAT = 1
NUMBERS = {"lngs": "i", "lats": "i", "people": "I", "ids": "I"}
TEXTS = ("names", "searched", "codes", "regions", "parts")
GRAIN = 1_000  # of a degree


def packed(head: Mapping[str, Json], texts: Mapping[str, bytes], numbers: Mapping[str, list[int]]) -> bytes:
    """Return the file of these columns; `head` is JSON that stands before them."""
    columns = {name: texts[name] for name in TEXTS}
    columns |= {name: _little(array(kind, numbers[name])).tobytes() for name, kind in NUMBERS.items()}
    sizes = {name: len(column) for name, column in columns.items()}
    line = json.dumps({**head, "format": FORMAT, "sizes": sizes}, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(line.encode() + b"\n" + b"".join(columns.values()), 9)


def unpacked(file: bytes) -> tuple[dict[str, Json], dict[str, bytes], dict[str, array[int]]]:
    """Return (head, texts, numbers) of what packed() wrote. Raises ValueError, zlib.error."""
    line, _, rest = zlib.decompress(file).partition(b"\n")
    head = json.loads(line)
    if head["format"] != FORMAT:
        raise ValueError("places of another release")
    texts: dict[str, bytes] = {}
    numbers: dict[str, array[int]] = {}
    begins = 0
    for name, size in head["sizes"].items():
        column, begins = rest[begins : begins + size], begins + size
        if name in NUMBERS:
            numbers[name] = array(NUMBERS[name])
            numbers[name].frombytes(column)
            _little(numbers[name])
        else:
            texts[name] = column
    return head, texts, numbers


def _little(column: array[int]) -> array[int]:
    """Turn the column between the file's order of bytes and this machine's."""
    if sys.byteorder == "big":  # pragma: no cover
        column.byteswap()
    return column
