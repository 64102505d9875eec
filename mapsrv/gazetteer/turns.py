"""Long loops in a thread that let the event loop have the interpreter, before it has to wait for it.

A thread that computes gives it up every 5 ms, and the loop needs it several times a turn. One that rests
every millisecond for a tenth of one makes nobody wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

ITEMS = 1_000  # of a loop like ours: about a millisecond
REST_SECONDS = 0.0001

T = TypeVar("T")


def in_turns(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, with a rest after so many of them. For threads: it blocks."""
    for number, item in enumerate(items, 1):
        yield item
        if number % ITEMS == 0:
            time.sleep(REST_SECONDS)
