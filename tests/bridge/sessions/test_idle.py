"""A session that is quiet for hours is still there: a real child, real sockets, and virtual time."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.bridge.children.child import NOBODY
from mapsrv.bridge.http.app import Bridge
from mapsrv.bridge.sessions.service import Service, run_service
from mapsrv.bridge.specs import Spec
from mapsrv.http_server.connections import Connections
from mapsrv.http_server.sockets import open_listeners
from tests.bridge.kit.client import open_session
from tests.bridge.kit.running import ABUSE
from tests.bridge.kit.session import Refused

HOUR = 3600.0


@asynccontextmanager
async def served(clock: MockClock, mode: str) -> AsyncIterator[tuple[int, Service]]:
    """Serve a child on a free port, while time passes as it does, and jumps where a test says so."""
    clock.rate = 1.0
    listeners, port = await open_listeners("127.0.0.1", 0)
    spec = Spec("quiet", sys.executable, ("-I", "-S", str(ABUSE)), mode=mode)
    async with trio.open_nursery() as nursery:
        service = await nursery.start(run_service, spec, NOBODY)
        connections = Connections(Bridge({"quiet": service}, OriginGuard("127.0.0.1")), 75.0)
        await nursery.start(connections.serve, listeners, nursery)
        yield port, service
        nursery.cancel_scope.cancel()


async def pass_hours(clock: MockClock, hours: float) -> None:
    """Let time pass, a quarter of an hour at a time, as all that wakes up in it takes its time."""
    for _ in range(int(4 * hours)):
        clock.jump(HOUR / 4)
        await trio.sleep(0.05)


@pytest.mark.parametrize("mode", ["per-session", "shared"])
@pytest.mark.parametrize(("transport", "path"), [("sse", "/sse"), ("http", "/mcp")])
async def test_tools_are_listed_an_hour_later_and_after_eight(mock_clock, mode, transport, path):
    async with served(mock_clock, mode) as (port, service):
        async with open_session(port, path, transport, listen=True) as session:
            session.seconds = 2 * HOUR
            first = await session.request("tools/list")
            assert first["result"]["tools"]
            for hours in (1, 7):
                await pass_hours(mock_clock, hours)
                assert (await session.request("tools/list"))["result"] == first["result"]
            assert len(service.sessions) == 1 and len(service.factory.children) == 1


async def test_a_session_that_nobody_uses_for_an_hour_ends_with_its_child(mock_clock):
    async with served(mock_clock, "per-session") as (port, service), open_session(
        port, "/mcp", "http"
    ) as session:
        session.seconds = 2 * HOUR
        await pass_hours(mock_clock, 0.75)
        await session.request("tools/list")
        await pass_hours(mock_clock, 2)
        assert not service.sessions
        with pytest.raises(Refused) as refused:
            await session.request("tools/list")
        assert refused.value.status == 404
        while service.factory.children:  # noqa: ASYNC110 (a process)
            await trio.sleep(0.01)
