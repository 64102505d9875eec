"""Callbacks that keep nobody alive: an object whose parts tell it of their changes goes when it is let go."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakMethod


def weakly(method: Callable[[], None]) -> Callable[[], None]:
    """Return what calls a bound method as long as its object is there."""
    held = WeakMethod(method)

    def call() -> None:
        if (alive := held()) is not None:
            alive()

    return call
