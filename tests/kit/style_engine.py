"""Whether MapLibre's validator is there to be tested, and values that are hard on it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from mapsrv.style_spec.engine import missing


def built() -> None:
    """Skip the test, with CI set fail it, where the page's build has not made the bundle."""
    if lacks := missing():
        why = f"no {lacks}: build the page (npm run build in static/) to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


def doubled(operator: str, times: int, first: Any) -> list[Any]:
    """Return an expression that doubles a value so many times: 2 ** times operations, or characters."""
    last: list[Any] = ["var", f"v{times}"]
    for number in range(times, 0, -1):
        before = ["var", f"v{number - 1}"]
        last = ["let", f"v{number}", [operator, before, before], last]
    return ["let", "v0", first, last]


ENDLESS = doubled("+", 25, ["get", "size"])
BOMB = ["length", doubled("concat", 25, "x" * 30)]
