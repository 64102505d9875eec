"""Blobs that nothing refers to: which of them a sweep takes. One rule for all stores that sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

MAX_LOOSE = 200 * 1024 * 1024  # bytes that may wait for their first use: a dozen of the largest documents
MAX_LISTED = 20_000  # blobs that one sweep takes, sorted in 10 ms; the next one goes on

Found: TypeAlias = tuple[float, int, int]  # when it was renewed, its row or number, its bytes


class Loose:
    """What a sweep has found, added in any order."""

    def __init__(self) -> None:
        self._listed: list[Found] = []
        self._size = 0

    def add(self, found: Iterable[Found]) -> None:
        """Count these, and list what there is room for."""
        for one in found:
            self._size += one[2]
            if len(self._listed) < MAX_LISTED:
                self._listed.append(one)

    def due(self, before: float, crowded: float) -> list[int]:
        """Return those last renewed before then, and while more than MAX_LOOSE bytes are left, the oldest
        first, those last renewed before `crowded`."""
        found, left = [], self._size
        for renewed, number, size in sorted(self._listed):
            if renewed < before or (renewed < crowded and left > MAX_LOOSE):
                found.append(number)
                left -= size
        return found
