"""Opens this user's browser at a link with a token, so that no other user of this machine can read it.

A browser is started by a command line, which is everybody's to read (/proc/PID/cmdline). So it is told
the name of a page in the data folder, mode 600, that sends it on to the link. Some browsers cannot read
that: those from snap and flatpak have no such folder, Windows' under WSL another root. They show an
error, and nobody tells us. Hence, where no page has come for the token after PATIENCE_SECONDS, the plain
address is opened besides: there the person sees the map, and is given a link with a token in the terminal
or with the next tool's answer. The page is left for its ten minutes then, as a cold browser may just be
slow; it goes as soon as its token was traded. Whoever opens the next one clears away what was left.
"""

from __future__ import annotations

import html
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import trio

from mapsrv.local.browser import has_browser, open_browser
from mapsrv.local.files import write_private
from mapsrv.local.find import find_server
from mapsrv.local.front import TOKEN_SECONDS, parted
from mapsrv.local.waiting import is_waiting

NAMES = "open-*.html"
# It replaces itself in the browser's history; the link is for who has switched such redirects off.
PAGE = (
    '<!doctype html><meta charset="utf-8"><title>mapsrv</title><meta name="referrer" content="no-referrer">'
    '<meta http-equiv="refresh" content="0;url={link}"><p><a href="{link}">Open the map</a></p>\n'
)

Waits = Callable[[str], Awaitable[bool]]  # whether no page comes for a token, after PATIENCE_SECONDS
Open = Callable[[str], Awaitable[bool]]


async def show(data_dir: Path, link: str, waits: Waits, open_url: Open = open_browser) -> bool:
    """Open the browser at a link; return whether it came to that without its token."""
    plain, token = parted(link)
    page = await trio.to_thread.run_sync(_write, data_dir, link) if token else None
    if page is None:
        await open_url(plain)
        return bool(token)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(open_url, page.as_uri())  # returns when it likes: some do when they are closed
        late = await waits(token)
        if late:
            nursery.start_soon(open_url, plain)
        else:
            _remove(page)
    return late


async def show_of(data_dir: Path, link: str, open_url: Open = open_browser) -> bool:
    """Do so for a link of the server that is announced in that folder; False without a browser."""
    if not has_browser():
        return False

    async def waits(token: str) -> bool:
        server = await find_server(data_dir)
        return server is not None and await is_waiting(server, token)

    return await show(data_dir, link, waits, open_url)


def clear(data_dir: Path) -> None:
    """Remove the pages whose tokens are good no more. Raises nothing."""
    for page in data_dir.glob(NAMES):
        with suppress(OSError):
            if page.stat().st_mtime < time.time() - TOKEN_SECONDS:
                page.unlink()


def _write(data_dir: Path, link: str) -> Path | None:
    """Return a new page; None where the folder cannot be written."""
    clear(data_dir)
    page = data_dir.absolute() / NAMES.replace("*", secrets.token_hex(8))
    try:
        write_private(page, PAGE.format(link=html.escape(link)).encode())
    except OSError:
        return None
    return page


def _remove(page: Path) -> None:
    with suppress(OSError):
        page.unlink()
