"""Under https every answer of the bridge tells who asks to stay there."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from mapsrv.asgi.message import HSTS
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.bridge.http.app import Bridge


@pytest.mark.parametrize(
    ("public_url", "scheme", "told"),
    [(None, "http", False), (None, "https", True), ("https://b.example", "http", True)],
)
async def test_under_https_one_is_told_to_stay_there(public_url: str | None, scheme: str, told: bool) -> None:
    heads: list[dict[bytes, bytes]] = []

    async def send(message: Any) -> None:
        await trio.lowlevel.checkpoint()
        if message["type"] == "http.response.start":
            heads.append(dict(message["headers"]))

    for path in ("/health", "/nothing"):
        scope = {"type": "http", "method": "GET", "path": path, "scheme": scheme, "query_string": b""}
        scope |= {"headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "extensions": {}}
        await Bridge({}, OriginGuard("127.0.0.1", public_url))(scope, trio.sleep_forever, send)
    found = [head.get(b"strict-transport-security") for head in heads]
    assert found == [HSTS if told else None] * 2
