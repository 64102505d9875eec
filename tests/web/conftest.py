"""A site on a memory store, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import open_memory
from mapsrv.web.app import create_app
from mapsrv.web.page import Page
from mapsrv.web.site import Site
from mapsrv.web.streams import Streams
from tests.hub.kit.stores import HeldStore
from tests.web.kit.asgi import Client
from tests.web.kit.tiles import VERSION, packed

MAX_DATA = 1 << 20
MAX_STREAMS = 3


@pytest.fixture
def page(tmp_path: Path) -> Page:
    for name, text in {
        "index.html": "<!doctype html><title>page</title>",
        "assets/index-abc.js": "go()",
        "basemap/land.geojson": '{"type":"FeatureCollection","features":[]}',
        "assets/index-abc.js.br": "as br",
        "assets/index-abc.js.gz": "as gzip",
        "index.html.br": "the page as br",
        "licenses.txt": "free",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    tiles = packed([b"land", b"", b"", b"sea", b"east"])
    (tmp_path / "basemap" / f"ground-{VERSION}.tiles").write_bytes(tiles)
    return Page(tmp_path)


@pytest.fixture
async def store() -> AsyncIterator[HeldStore]:
    async with open_memory() as memory:
        yield HeldStore(memory)


@pytest.fixture
async def hub(store: HeldStore, autojump_clock: object) -> AsyncIterator[Hub]:
    held: Any = store  # a Store by __getattr__
    async with open_hub(held, max_data=MAX_DATA, session_idle=3600, warm=False) as hub:
        yield hub


@pytest.fixture
def site(hub: Hub, page: Page) -> Site:
    return Site(hub, OriginGuard("127.0.0.1"), page, Streams(hub, per_session=MAX_STREAMS))


@pytest.fixture
def app(site: Site) -> Any:
    return create_app(site)


@pytest.fixture
def client(app: Any) -> Client:
    return Client(app)


@pytest.fixture
async def session(hub: Hub) -> str:
    return await hub.create_session()
