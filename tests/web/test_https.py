"""Behind a proxy that ends TLS, or takes a prefix away: what the answers say then."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.trusted_proxies import TrustedProxies
from mapsrv.server.dispatch import Dispatch
from mapsrv.web.app import create_app
from mapsrv.web.site import Site
from tests.web.kit.asgi import Client

PROXY = "10.0.0.1"
HTTPS = {"x_forwarded_proto": "https", "x_forwarded_for": "203.0.113.9"}
PATHS = ["/?session=ID", "/state?session=ID", "/assets/index-abc.js", "/health", "/nothing", "/state"]


@pytest.fixture
def proxied(app: Any) -> Client:
    """A client of the whole, as a trusted proxy."""
    return Client(Dispatch(app, {}, TrustedProxies([ip_network(PROXY)])), peer=PROXY)


@pytest.mark.parametrize("path", PATHS)
async def test_under_https_browsers_are_told_to_stay_there(proxied: Client, session: str, path: str) -> None:
    target = path.replace("ID", session)
    there = await proxied.get(target, **HTTPS)
    assert there.header("strict-transport-security") == "max-age=31536000"
    assert (await proxied.get(target)).header("strict-transport-security") is None
    proxied.peer = "203.0.113.9"
    assert (await proxied.get(target, **HTTPS)).header("strict-transport-security") is None


async def test_a_public_url_of_https_says_the_same(site: Site, session: str) -> None:
    site.origins = OriginGuard("127.0.0.1", "https://maps.example.org")
    client = Client(create_app(site))
    for path in PATHS:
        assert (await client.get(path.replace("ID", session))).header("strict-transport-security")


async def test_the_page_is_kept_apart_from_windows_of_other_origins(client: Client, session: str) -> None:
    for target in (f"/?session={session}", "/?session=nobody"):
        answer = await client.get(target, accept="text/html")
        assert answer.header("cross-origin-opener-policy") == "same-origin"


async def test_links_and_cookies_are_those_of_the_address_that_the_client_sees(
    proxied: Client, session: str
) -> None:
    prefixed = {**HTTPS, "x_forwarded_prefix": "/maps/"}
    made = await proxied.post("/sessions", {}, **prefixed)
    assert made.json["url"].startswith("https://localhost:8081/maps/?session=")
    home = await proxied.get("/", **prefixed)
    assert (home.header("location") or "").startswith("/maps/?session=")
    assert "Secure" in home.cookies["mapsrv_session"]
    state = await proxied.get(f"/state?session={session}", **prefixed)
    assert state.status == 200 and state.json["url"] == f"https://localhost:8081/maps/?session={session}"
    title = {"command": "open_map", "arguments": {"title": "Lakes"}}
    done = await proxied.post(f"/commands?session={session}", title, **prefixed)
    assert done.status == 200 and done.json["url"] == state.json["url"]
    proxied.peer = "203.0.113.9"
    made = await proxied.post("/sessions", {}, **prefixed)
    assert made.json["url"].startswith("http://localhost:8081/?session=")
