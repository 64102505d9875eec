"""The names that logs and metrics have for routes: all that there are, and no more whatever is asked for."""

from __future__ import annotations

import re

import pytest

from mapsrv import local
from mapsrv.asgi import routes
from mapsrv.asgi.routes import (
    OTHER,
    PROBE,
    PROBES,
    ROUTES,
    SLASHED,
    STREAMS,
    TRANSPORTS,
    route_of,
    transport_of,
)
from mapsrv.local.waiting import WAITING_PATH
from mapsrv.transports import endpoints
from mapsrv.web.routes import ROUTES as OF_THE_SITE

MOUNTED = endpoints.PATHS | {local.PATH, WAITING_PATH}


def test_the_table_has_the_routes_that_are_served_and_no_other() -> None:
    assert set(ROUTES) == {route.path for route in OF_THE_SITE} | MOUNTED


def test_what_is_served_with_a_slash_at_its_end_is_what_is_mounted() -> None:
    assert SLASHED == MOUNTED


def test_each_route_has_one_of_the_transports() -> None:
    assert set(ROUTES.values()) == {*TRANSPORTS, PROBE} and OTHER not in ROUTES
    assert STREAMS < set(ROUTES) and PROBES == {"/health", "/ready", "/metrics", local.PATH}


@pytest.mark.parametrize("route", ROUTES)
def test_a_path_is_known_by_its_pattern(route: str) -> None:
    path = re.sub("<[a-z]+>", "a-5.js", route)
    assert route_of({"path": path}) == route
    assert transport_of(route) == ROUTES[route]


@pytest.mark.parametrize("path", ["/mcp/", "/sse/", "/messages//", "/local/", "/local/waiting/"])
def test_what_is_mounted_is_known_with_slashes_at_its_end(path: str) -> None:
    assert route_of({"path": path}) == path.rstrip("/")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//",
        "*",
        "nothing",
        "/nothing",
        "/commands/",
        "/data/",
        "/basemap/v/1/2/",
        "/basemap/v/1/2/3/4",
        "/data//",
        "/data/a/b",
        "/assets",
        "/mcp/x",
        "/x/mcp/",
        "/other",
        "/\0",
        "/" + "a/" * 5000,
    ],
)
def test_whatever_else_is_asked_for_has_one_name(path: str) -> None:
    assert route_of({"path": path}) == OTHER == transport_of(OTHER)


def test_the_names_of_the_transports_are_constants_in_their_order() -> None:
    named = (routes.EVENTS, routes.SSE, routes.MCP, routes.COMMANDS, routes.DATA, routes.PAGE)
    assert named == TRANSPORTS == ("events", "sse", "mcp", "commands", "data", "page")
