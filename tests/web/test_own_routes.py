"""Every route that a server has is refused as a source, by whichever door it comes; its data are not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.config import Config
from mapsrv.errors import InvalidArgument
from mapsrv.hub.hub import Hub
from mapsrv.local.front import Front
from mapsrv.prepare.refused_addresses import OPEN, OwnRoutes
from mapsrv.server.serve import open_house
from mapsrv.tools.caller import Caller, Named
from mapsrv.tools.run import Tools
from mapsrv.web.site import Site
from tests.web.kit.asgi import Client

BASE = "http://localhost:8081"
OWN = OwnRoutes(OriginGuard("127.0.0.1", port=8081), ("/events",))


async def test_every_route_of_a_server_is_known_as_its_own_but_for_data_and_basemap(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path, store="memory:")
    async with open_house(config, Front(), "secret", BASE) as house:
        rules = {rule.rule for rule in house.dispatch.web.quart.url_map.iter_rules()}  # type: ignore
        paths = rules | set(house.dispatch.mounts)
        own = {path for path in paths if house.site.own.has(BASE + re.sub("<[a-z]+>", "x", path), BASE)}
    assert paths - own == OPEN and len(own) > 10


async def test_a_source_at_our_own_routes_is_refused_over_http(
    client: Client, site: Site, session: str
) -> None:
    site.own = OWN
    source = {"type": "geojson", "data": f"{BASE}/events?session={session}"}
    body = {"command": "add_layer", "arguments": {"id": "a", "source": source}}
    answer = await client.post(f"/commands?session={session}", body)
    assert answer.status == 422 and "an address of this map server itself" in answer.json["error"]["message"]


async def test_a_source_at_our_own_routes_is_refused_by_the_tool(hub: Hub, session: str) -> None:
    caller = Caller("ana", False, False, session, BASE, Named())
    source: Any = {"type": "raster", "tiles": ["http://127.1:8081/events?{z}"]}
    with pytest.raises(InvalidArgument, match="an address of this map server itself"):
        await Tools(hub, own=OWN).call("add_layer", {"id": "a", "source": source}, caller)
