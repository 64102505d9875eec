"""`mapsrv demo`: draws on a running map as a language model would, through a real MCP client.

It says on stdout what it does, step by step. All that it changes goes over the wire as tool calls, and no
coordinates with them: the server has the cities and countries. To this user's own server it proves, by the
secret, whose it is: so the link that it opens is by a token.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import trio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from mapsrv.config import Config
from mapsrv.demo.data import CITIES, COUNTRIES, city_layers, country_layers
from mapsrv.errors import MapsrvError, StartupError
from mapsrv.local import LocalServer, find_server
from mapsrv.local.browser import has_browser
from mapsrv.local.front import for_print
from mapsrv.local.opener import show_of
from mapsrv.local.start import environment
from mapsrv.tools.caller import SECRET_HEADER

CALL_SECONDS = 60.0
SEEN_SECONDS = 15.0  # that a browser gets to show the map before the drawing begins
LARGEST = 5  # cities that are marked
NAME = "demo"


@dataclass(frozen=True, slots=True)
class Demo:
    """One run: a connected client, the map it draws on, and the pause between steps in seconds."""

    client: Client
    session_id: str
    link: str
    pace: float

    async def step(self, said: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """Say what is done, do it, and give people time to see it."""
        print(f"  {said}  ({tool})", flush=True)
        result = await call(self.client, tool, session_id=self.session_id, **arguments)
        await trio.sleep(self.pace)
        return result


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a tool's structured result. Raises MapsrvError with what the tool refused."""
    result = await client.call_tool(tool, arguments, read_timeout_seconds=CALL_SECONDS)
    if result.is_error:
        raise MapsrvError(" ".join(getattr(item, "text", "") for item in result.content))
    return dict(result.structured_content or {})


async def run_demo(config: Config) -> None:
    """Draw on a map. Raises MapsrvError: no server, or a call that was refused."""
    server = await _server(config)
    url, headers = (config.url, {}) if server is None else (server.url, {SECRET_HEADER: server.secret})
    try:
        async with _open_client(config, url, headers) as client:
            demo = await _join(client, config)
            await _draw(demo)
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


def arguments(config: Config) -> list[str]:
    """Return the command line of a `mapsrv stdio` of its own; the store is in the environment."""
    folder = str(config.data_dir.absolute())
    opens = "--open" if config.open else "--no-open"
    return ["stdio", opens, "--data-dir", folder, "--host", config.host, "--port", str(config.port)]


@asynccontextmanager
async def _open_client(config: Config, url: str | None, headers: dict[str, str]) -> AsyncIterator[Client]:
    if url is None or config.transport == "stdio":
        stdio = StdioServerParameters(
            command=sys.executable, args=["-m", "mapsrv", *arguments(config)], env=environment(config)
        )
        print("Connecting over stdio, to a `mapsrv stdio` of its own.", flush=True)
        async with Client(stdio) as client:
            yield client
        return
    path = {"sse": "/sse", "http": "/mcp"}[config.transport]
    print(f"Connecting to {url}{path}", flush=True)  # no full stop: it would be copied with the address
    if config.transport == "sse":
        transport = sse_client(f"{url}/sse?name={NAME}", headers, httpx_client_factory=_http)
        async with Client(transport, mode="legacy") as client:
            yield client
        return
    async with (
        _http(headers) as http,
        Client(streamable_http_client(f"{url}/mcp?name={NAME}", http_client=http)) as client,
    ):
        yield client


def _http(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout or CALL_SECONDS, auth=auth, trust_env=False)


async def _join(client: Client, config: Config) -> Demo:
    """Find or make the map, show it to the person, and say where it is."""
    named = {"session_id": config.session} if config.session else {"new": config.transport != "stdio"}
    told = await call(client, "open_map", **named)
    demo = Demo(client, told["session_id"], told["url"], config.pace)
    print(f"The map: {for_print(demo.link)}", flush=True)
    if told["viewers"] == 0 and config.open and has_browser():
        if config.transport != "stdio":
            await show_of(config.data_dir, demo.link)
        await _wait_for_viewers(demo)
    return demo


async def _wait_for_viewers(demo: Demo) -> None:
    with trio.move_on_after(SEEN_SECONDS if demo.pace else 0):
        while True:
            if (await call(demo.client, "get_map_state", session_id=demo.session_id))["viewers"]:
                return
            await trio.sleep(0.5)


async def _draw(demo: Demo) -> None:
    step = demo.step
    await step("A clean start: the whole world, flat and from above", "set_map_view", **WORLD)
    await step(
        "The countries, coloured by continent", "add_layer",
        id="countries", title="Countries by continent", source=COUNTRIES, layers=country_layers(),
    )  # fmt: skip
    await step(
        "The cities of over a million people, as circles sized by population", "add_layer",
        id="cities", title="Cities over a million", source=CITIES, layers=city_layers(),
    )  # fmt: skip
    ten = [">=", ["get", "population"], 10_000_000]
    await step("Only those of ten million and more", "filter_layer", layer_id="cities", filter=ten)
    await step("All of them again", "filter_layer", layer_id="cities", filter=None)
    await step("A flight to East Asia", "set_map_view", center=[121.5, 31.2], zoom=4, bearing=12, pitch=35)
    found = await step("Which are the largest?", "find_places", kind="city", sort="population", limit=LARGEST)
    names = ", ".join(place["name"] for place in found["places"])
    marks = [{"id": place["id"], "properties": {"largest": True}} for place in found["places"]]
    await step(f"The largest cities in gold: {names}", "update_features", layer_id="cities", update=marks)
    await step("The countries hidden", "toggle_layer", layer_id="countries", action="hide")
    await step(
        "The cities in blue, and larger", "set_layer_paint",
        layer_id="cities", properties={"circle-color": "#1d3557", "circle-radius": 9},
    )  # fmt: skip
    await step("The cities again as they were added", "reset_layer_style", layer_id="cities")
    await step("The countries shown again", "toggle_layer", layer_id="countries", action="show")
    state = await step("Back to the whole world", "set_map_view", **WORLD)
    print(f"Done. The map stays: {for_print(state['url'])}", flush=True)


WORLD: dict[str, Any] = {"center": [15, 20], "zoom": 1.2, "bearing": 0, "pitch": 0}


def _first(group: BaseExceptionGroup[Any]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
