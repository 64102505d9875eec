"""GET /, the page's files and POST /sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.errors import StartupError
from mapsrv.hub.hub import Hub
from mapsrv.web.page import Page
from mapsrv.web.site import Site
from tests.web.kit.asgi import Client

WEEK = 7 * 86400


def map_of(location: str | None) -> str:
    assert location is not None and location.startswith("/?session=")
    return location.removeprefix("/?session=")


async def test_the_root_leads_to_a_new_map_and_remembers_it(client: Client, hub: Hub) -> None:
    answer = await client.get("/")
    session = map_of(answer.header("location"))
    assert answer.status == 303 and await hub.exists(session)
    assert answer.cookie_value("mapsrv_session") == session
    line = answer.cookies["mapsrv_session"]
    assert (
        "HttpOnly" in line and "SameSite=Lax" in line and f"Max-Age={WEEK}" in line and "Secure" not in line
    )
    assert "HttpOnly" in answer.cookies["mapsrv_viewer"]


async def test_a_browser_comes_back_to_its_map(app: Any) -> None:
    client = Client(app, keep_cookies=True)
    first, second = await client.get("/"), await client.get("/")
    assert first.header("location") == second.header("location")
    assert "mapsrv_viewer" not in second.cookies


@pytest.mark.parametrize("cookie", ["never-issued", "x" * 300, "", "\xe9"])
async def test_a_cookie_of_no_map_leads_to_a_new_one(app: Any, hub: Hub, cookie: str) -> None:
    client = Client(app)
    client.cookies["mapsrv_session"] = cookie
    session = map_of((await client.get("/")).header("location"))
    assert session != cookie and await hub.exists(session)


async def test_the_page_of_a_map_sets_no_session_cookie(client: Client, session: str) -> None:
    answer = await client.get(f"/?session={session}")
    assert answer.status == 200 and b"page" in answer.body
    assert list(answer.cookies) == ["mapsrv_viewer"]
    policy = (answer.header("content-security-policy") or "").split("; ")
    assert {"default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"} < {*policy}
    assert {"form-action 'self'", "frame-ancestors 'self'"} < {*policy}  # default-src covers neither
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("referrer-policy") == "strict-origin"
    assert answer.header("x-content-type-options") == "nosniff"


async def test_a_map_never_issued_is_not_found(client: Client) -> None:
    assert (await client.get("/?session=never")).code == "unknown_session"
    assert (await client.get("/?session=" + "x" * 1000)).code == "unknown_session"
    assert (await client.get("/?session=")).code == "bad_request"


async def test_a_person_sees_the_page_where_a_program_sees_the_error(client: Client) -> None:
    for encoding in ("identity", "gzip, br"):
        asked = {"accept": "text/html,*/*", "accept_encoding": encoding}
        answer = await client.get("/?session=never", **asked)
        assert answer.status == 404 and b"page" in answer.body
        assert answer.header("content-encoding") is None
        assert answer.header("cache-control") == "no-store"


async def test_cookies_are_secure_under_https(client: Client, site: Site) -> None:
    site.origins = OriginGuard("127.0.0.1", "https://maps.example.org/live")
    answer = await client.get("/")
    assert all("Secure" in line for line in answer.cookies.values())
    assert (answer.header("location") or "").startswith("/live/?session=")


async def test_a_made_map_has_a_link(client: Client, hub: Hub) -> None:
    answer = await client.post("/sessions", {})
    assert answer.status == 201 and await hub.exists(answer.json["session_id"])
    assert answer.json["url"] == f"http://localhost:8081/?session={answer.json['session_id']}"
    assert answer.cookies == {}
    assert (await client.ask("POST", "/sessions", {})).status == 201


async def test_what_has_its_hash_in_its_name_is_kept_for_ever(client: Client) -> None:
    answer = await client.get("/assets/index-abc.js")
    assert answer.body == b"go()" and answer.header("content-type") == "text/javascript; charset=utf-8"
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    again = await client.get("/assets/index-abc.js", if_none_match=answer.header("etag") or "")
    assert (again.status, again.body) == (304, b"")


async def test_only_the_basemap_is_open_to_other_sites(client: Client) -> None:
    answer = await client.get("/basemap/land.geojson")
    assert answer.status == 200 and answer.header("access-control-allow-origin") == "*"
    assert answer.header("content-type") == "application/geo+json"
    for path in ("/assets/index-abc.js", "/licenses.txt"):
        assert (await client.get(path)).header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/assets/../index.html",
            "/assets/%2e%2e/index.html",
            "/assets/..%2findex.html",
            "/basemap//etc/passwd",
        ),
        *("/assets/", "/assets/no.js", "/nothing", "/static/x", "/assets/%00"),
    ],
)
async def test_what_is_not_in_the_table_is_not_found(client: Client, path: str) -> None:
    assert (await client.get(path)).code == "not_found"


async def test_a_head_request_has_no_more_than_headers_to_send(client: Client, session: str) -> None:
    for path in (f"/?session={session}", "/licenses.txt", "/health", f"/state?session={session}"):
        assert (await client.ask("HEAD", path, {})).status == 200


def test_a_page_that_is_not_built_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="not built"):
        Page(tmp_path)
