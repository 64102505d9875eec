"""The routes of a process that serves maps as its log and its metrics name them: by pattern, never by path.

A path has ids and names that clients choose; a pattern has none, and there are as many as are listed here.
What answers at each of them stands in mapsrv/web/routes.py, mapsrv/transports/endpoints.py and mapsrv/local;
tests/asgi/test_routes.py holds this table to those.
"""

from __future__ import annotations

from typing import Any

EVENTS, SSE, MCP, COMMANDS, DATA, PAGE = TRANSPORTS = ("events", "sse", "mcp", "commands", "data", "page")
PROBE = "probe"  # asked by machines, of the process and not of maps
OTHER = "other"  # both the route and the transport of what is at none of these

TILES = "/basemap/<version>/<z>/<x>/<y>"
ROUTES = {
    "/": PAGE,
    "/assets/<name>": PAGE,
    "/basemap/<name>": PAGE,
    TILES: PAGE,
    "/licenses.txt": PAGE,
    "/local/waiting": PAGE,
    "/events": EVENTS,
    "/sse": SSE,
    "/messages": SSE,
    "/mcp": MCP,
    "/commands": COMMANDS,
    "/presence": COMMANDS,
    "/sessions": COMMANDS,
    "/front": COMMANDS,
    "/state": COMMANDS,
    "/state/near": COMMANDS,
    "/style.json": COMMANDS,
    "/log": COMMANDS,
    "/pictures": DATA,
    "/data": DATA,
    "/data/<name>": DATA,
    "/health": PROBE,
    "/ready": PROBE,
    "/metrics": PROBE,
    "/local": PROBE,
}
PROBES = frozenset(route for route, transport in ROUTES.items() if transport == PROBE)
STREAMS = frozenset({"/events", "/sse"})  # a GET that is answered 200 lasts until its reader leaves
SLASHED = frozenset({"/sse", "/messages", "/mcp", "/local", "/local/waiting"})  # served with more slashes too

_NAMED = {route.removesuffix("/<name>"): route for route in ROUTES if route.endswith("/<name>")}


def route_of(scope: Any) -> str:
    """Return the pattern that a request's path fits, whatever its method; OTHER where it fits none."""
    path: str = scope["path"]
    if path in ROUTES:
        return path
    folder, _, name = path.rpartition("/")
    if path.startswith("/basemap/") and path.count("/") == TILES.count("/"):
        return TILES if all(path.split("/")[1:]) else OTHER
    if name:
        return _NAMED.get(folder, OTHER)
    bare = path.rstrip("/")
    return bare if bare in SLASHED else OTHER


def transport_of(route: str) -> str:
    """Return what a route is counted as: one of TRANSPORTS, PROBE or OTHER."""
    return ROUTES.get(route, OTHER)
