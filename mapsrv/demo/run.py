"""`mapsrv demo`: draws on a running map as a language model would, through a real MCP client.

It says on stdout what it does, step by step. All that it changes goes over the wire as tool calls, and no
coordinates with them: the server has the cities and countries. To this user's own server it proves, by the
secret, whose it is: so it draws on the map in front, and the link that it opens is by a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import trio
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from mapsrv.config import Config
from mapsrv.core.state import TITLE as UNTITLED
from mapsrv.demo.client import PATHS, call, open_client
from mapsrv.demo.story import TITLE, tell
from mapsrv.errors import MapsrvError, StartupError
from mapsrv.local import LocalServer, find_server
from mapsrv.local.browser import has_browser, open_browser
from mapsrv.local.front import for_print
from mapsrv.local.opener import show_of
from mapsrv.tools.caller import SECRET_HEADER

SEEN_SECONDS = 15.0  # that a browser gets to show the map before the drawing begins
LOOK_SECONDS = 0.5  # between two looks whether it does

NO_BROWSER = "No browser could be opened here. Open the map yourself, at the address above."
NOBODY = f"Nobody has opened the map within {SEEN_SECONDS:.0f} seconds. It is drawn all the same."


@dataclass(frozen=True, slots=True)
class Demo:
    """One run: a connected client, the map it draws on, and the pause between steps in seconds."""

    client: Client
    session_id: str
    link: str
    pace: float

    async def step(self, said: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """Say what is done, do it, and give people time to see it."""
        _say(f"  {said}  ({tool})")
        result = await call(self.client, tool, session_id=self.session_id, **arguments)
        await trio.sleep(self.pace)
        return result


async def run_demo(config: Config) -> None:
    """Draw on a map. Raises MapsrvError: no server, or a call that was refused."""
    server = await _server(config)
    url, headers = (config.url, {}) if server is None else (server.url, {SECRET_HEADER: server.secret})
    over_stdio = url is None or config.transport == "stdio"
    # No full stop behind an address: it would be copied with it.
    at = "over stdio, to a `mapsrv stdio` of its own." if over_stdio else f"to {url}{PATHS[config.transport]}"
    _say(f"Connecting {at}")
    try:
        async with open_client(config, url, headers) as client:
            demo = await _join(client, config)
            state = await tell(demo.step)
            _say(f"Done. The map stays: {for_print(state['url'])}")
    except* MCPError as group:
        raise MapsrvError(f"The server refused: {_first(group)}") from None
    except* (httpx2.HTTPError, OSError) as group:
        at = url or "`mapsrv stdio`"
        raise MapsrvError(f"The connection with {at} failed ({_first(group)}): is it a mapsrv?") from None


async def _server(config: Config) -> LocalServer | None:
    """Return this user's running server; None for another, and over stdio, which starts one itself."""
    if config.url is not None or config.transport == "stdio":
        return None
    server = await find_server(config.data_dir)
    if server is None:
        raise StartupError(
            "No mapsrv is running: start it first with `mapsrv`, or say where it is with --url URL."
        )
    return server


async def _join(client: Client, config: Config) -> Demo:
    """Join the map in front, or the one that is told, else make one; name it, and have it seen."""
    told = await call(client, "open_map", **({"session_id": config.session} if config.session else {}))
    if told["title"] == UNTITLED:  # else somebody has named it
        told = await call(client, "open_map", session_id=told["session_id"], title=TITLE)
    demo = Demo(client, told["session_id"], told["url"], config.pace)
    _say(f"The map: {for_print(demo.link)}")
    if told["viewers"] == 0 and config.open:
        await _show(demo, config)
    return demo


async def _show(demo: Demo, config: Config) -> None:
    """Open a browser at the map, and wait until somebody looks; say so where that comes to nothing."""
    said = False

    async def opens(url: str) -> bool:
        nonlocal said
        opened = await open_browser(url)
        if not (opened or said):
            said = True
            _say(NO_BROWSER)
        return opened

    if not has_browser():
        _say(NO_BROWSER)
    elif config.transport != "stdio":  # whose other end opens it itself
        await show_of(config.data_dir, demo.link, opens)
    if demo.pace and not await _is_seen(demo):
        _say(NOBODY)


async def _is_seen(demo: Demo) -> bool:
    """Return whether somebody looks at the map within SEEN_SECONDS."""
    with trio.move_on_after(SEEN_SECONDS):
        asked = {"session_id": demo.session_id}
        while not (await call(demo.client, "get_map_state", **asked))["viewers"]:  # noqa: ASYNC110
            await trio.sleep(LOOK_SECONDS)
        return True
    return False


def _say(text: str) -> None:
    print(text, flush=True)


def _first(group: BaseExceptionGroup[Any]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
