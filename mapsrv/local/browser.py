"""Opens the person's browser, in a thread: some browsers' commands do not return until they are closed.

Must never fail loudly nor start a browser of text in the person's terminal: a link was told besides.
"""

from __future__ import annotations

import os
import sys
import webbrowser

import trio

OPEN_SECONDS = 15.0  # a command that takes longer goes on alone


def has_browser() -> bool:
    """Return whether there is a screen to open one on, or $BROWSER says which."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


async def open_browser(url: str) -> bool:
    """Return whether a browser was opened at `url`."""
    if not has_browser():
        return False
    with trio.move_on_after(OPEN_SECONDS):
        return await trio.to_thread.run_sync(_open, url, abandon_on_cancel=True)
    return True


def _open(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
