"""GET /health, /ready and /metrics: for machines, by any name."""

from __future__ import annotations

from mapsrv.web.site import Site
from tests.hub.kit.stores import HeldStore
from tests.web.kit.asgi import Client


async def test_probes_answer_by_any_name(client: Client) -> None:
    for path in ("/health", "/ready", "/metrics"):
        answer = await client.get(path, host="10.0.0.7:8081", origin="http://evil.example")
        assert answer.status == 200 and answer.cookies == {}


async def test_a_server_that_stops_is_healthy_and_not_ready(client: Client, site: Site) -> None:
    site.draining = True
    assert (await client.get("/health")).status == 200
    answer = await client.get("/ready")
    assert (answer.status, answer.code) == (503, "draining")


async def test_a_full_server_is_not_ready(client: Client, site: Site, session: str) -> None:
    site.streams._total = 1
    async with client.stream(f"/events?session={session}"):
        assert (await client.get("/ready")).status == 503
        assert (await client.get(f"/events?session={session}")).status == 429


async def test_metrics_count_and_name_no_map(client: Client, session: str) -> None:
    async with client.stream(f"/events?session={session}"):
        answer = await client.get("/metrics")
    assert b"mapsrv_streams 1.0" in answer.body and session.encode() not in answer.body
    assert (answer.header("content-type") or "").startswith("text/plain")


async def test_a_store_in_trouble_is_told_and_the_server_still_serves(
    client: Client, store: HeldStore, session: str
) -> None:
    assert (await client.get("/ready")).json == {"status": "ready"}
    store.trouble = "The file is gone."
    answer = await client.get("/ready")
    assert answer.status == 200
    assert answer.json == {"status": "ready", "degraded": True, "reason": "The file is gone."}
