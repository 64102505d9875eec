"""When each camera was asked for, so that a page can say how long after it was shown."""

from __future__ import annotations

import itertools
import time

_numbers = itertools.count()
_asked: dict[tuple[float, float], float] = {}


def ask() -> tuple[float, float]:
    """Return a center [lng, lat] that nobody has asked for, in tenths of a degree."""
    number = next(_numbers)
    center = (number % 3580 / 10 - 179, number // 3580 % 1600 / 10 - 80)
    _asked[center] = time.perf_counter()
    return center


def waited(center: tuple[float, float]) -> float | None:
    """Return the seconds since it was asked for; None where nobody of us has."""
    asked = _asked.get(center)
    return None if asked is None else time.perf_counter() - asked
