"""A hub with the tools on it: called straight, or behind a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import open_memory
from mapsrv.tools.caller import Caller, Named
from mapsrv.tools.publish import Publisher
from mapsrv.tools.results import Result
from mapsrv.tools.run import Tools
from mapsrv.transports.endpoints import McpEndpoints, open_mcp
from tests.transports.kit.serving import serving

SECRET = "a secret of this user"
MAX_DATA = 1 << 20
PLACES = Gazetteer()  # read once for all tests
BASE = "http://127.0.0.1:8081"
ZUG = {"type": "Point", "coordinates": [8.5, 47.4]}
POINT = {"type": "Feature", "geometry": ZUG, "properties": {"name": "Zug"}}


@dataclass
class Desk:
    """One caller at the tools."""

    hub: Hub
    tools: Tools
    local: bool = False
    files: bool = True
    hint: str | None = None
    named: Named = field(default_factory=Named)

    async def call(self, tool: str, _key: str | None = None, **arguments: Any) -> Result:
        caller = Caller("tester", self.local, self.files, self.hint, BASE, self.named)
        return await self.tools.call(tool, arguments, caller, _key)

    async def new_map(self, **arguments: Any) -> str:
        session_id: str = (await self.call("open_map", new=True, **arguments)).structured["session_id"]
        return session_id


@dataclass
class Served:
    """A running server: its hub, its endpoints, its address."""

    hub: Hub
    endpoints: McpEndpoints
    base: str


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with open_memory() as store:
        async with open_hub(store, max_data=MAX_DATA, session_idle=3600, warm=False, gazetteer=PLACES) as hub:
            yield hub


@pytest.fixture
def desk(hub: Hub) -> Desk:
    return Desk(hub, Tools(hub))


@pytest.fixture
async def served(hub: Hub) -> AsyncIterator[Served]:
    origins = OriginGuard("127.0.0.1")
    publisher = Publisher(Tools(hub), origins=origins, secret=SECRET)
    opened = open_mcp(publisher.make_server, origins=origins, json_response=True)
    async with opened as endpoints, serving(endpoints.asgi) as base:
        yield Served(hub, endpoints, base)
        await endpoints.drain()
