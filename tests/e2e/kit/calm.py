"""Pages of a reader who wants no motion, unless a test is about it.

Software draws each frame of a flight and of a fading name anew: half of what pages cost the tests' machine.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext

MOVING: Any = {"reduced_motion": "no-preference"}  # of a context: as most people see it


def calm(browser: Browser) -> None:
    """Have all contexts that will be made be calm where nothing else is said."""
    plain = browser.new_context

    def new_context(*args: Any, **kwargs: Any) -> BrowserContext:
        return plain(*args, **{"reduced_motion": "reduce", **kwargs})

    browser.new_context = new_context  # type: ignore[method-assign]
