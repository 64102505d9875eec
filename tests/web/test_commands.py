"""POST /commands, and what every POST has in common."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import trio

from mapsrv.errors import StoreUnavailable
from mapsrv.hub.hub import Hub
from mapsrv.web.site import Site
from mapsrv.wire.calls import CALLS
from tests.hub.kit.stores import HeldStore
from tests.web.kit.asgi import Client

POSTS = ("/sessions", "/commands", "/presence", "/data")
RENAME = {"command": "open_map", "arguments": {"title": "Rivers"}}


def add_layer(**more: Any) -> dict[str, Any]:
    return {"command": "add_layer", "arguments": {**CALLS["add_layer"].example, **more}}


async def origin_of_last_event(client: Client, session: str, before: str) -> dict[str, str]:
    async with client.stream(f"/events?session={session}", last_event_id=before) as stream:
        origin: dict[str, str] = json.loads(stream.of("event")[-1].data)["origin"]
        return origin


async def test_a_command_is_answered_with_its_receipt(client: Client, hub: Hub, session: str) -> None:
    answer = await client.post(f"/commands?session={session}", RENAME)
    assert answer.status == 200 and answer.cookies == {}
    assert set(answer.json) == {
        "session_id", "title", "url", "position", "changed", "viewers", "warnings", "durability"
    }  # fmt: skip
    assert answer.json["title"] == "Rivers" and answer.json["durability"] == "memory"
    state = await client.get(f"/state?session={session}")
    assert state.json["position"] == answer.json["position"]


async def test_a_retry_under_the_same_key_changes_nothing_more(client: Client, session: str) -> None:
    body = {**RENAME, "id": "one"}
    first, second = [await client.post(f"/commands?session={session}", body) for _ in range(2)]
    assert first.json["position"] == second.json["position"]
    other = await client.post(f"/commands?session={session}", {**add_layer(), "id": "one"})
    assert (other.status, other.code) == (422, "key_reused")


async def test_the_author_is_a_hash_of_the_viewer_cookie_else_anonymous(
    app: Any, hub: Hub, session: str
) -> None:
    client = Client(app, keep_cookies=True)
    start = (await client.get(f"/state?session={session}")).json["position"]
    await client.post(f"/commands?session={session}&name=Ana", RENAME)
    assert await origin_of_last_event(client, session, start) == {
        "kind": "person", "id": "anonymous", "name": "Ana"
    }  # fmt: skip
    cookie = client.cookies["mapsrv_viewer"]  # of the stream just opened
    await client.post(f"/commands?session={session}", {**RENAME, "arguments": {"title": "Lakes"}})
    origin = await origin_of_last_event(client, session, start)
    assert origin["id"] != "anonymous" and cookie not in origin["id"] and origin["name"] == ""
    await client.post(f"/presence?session={session}", {"viewer": "tab", "name": "Ana"})
    await client.post(f"/commands?session={session}", RENAME)
    assert await origin_of_last_event(client, session, start) == origin, "each command says who it is by"
    named = {"mapsrv-name": "%20Jos%C3%A9%0Aof%20Ulm"}
    again = {**RENAME, "arguments": {"title": "Peaks"}}
    await client.post(f"/commands?session={session}", again, **named)
    assert await origin_of_last_event(client, session, start) == {**origin, "name": "José of Ulm"}


@pytest.mark.parametrize("path", POSTS)
async def test_a_post_takes_json_only(client: Client, session: str, path: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = await client.post(f"{path}?session={session}", b"{}", content_type=kind, content_length="2")
        assert (answer.status, answer.code) == (415, "unsupported_media_type")
    answer = await client.post(
        f"{path}?session={session}", b"{}", content_type="application/json; charset=utf-8"
    )
    assert answer.status != 415


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:3000", "https://localhost"]
)
async def test_a_post_of_another_sites_page_is_refused(
    client: Client, session: str, path: str, origin: str
) -> None:
    answer = await client.post(f"{path}?session={session}", {}, origin=origin)
    assert (answer.status, answer.code) == (403, "forbidden")
    assert (await client.post(f"{path}?session={session}", {}, host="evil.example")).status == 403
    assert (await client.post(f"{path}?session={session}", {}, sec_fetch_site="cross-site")).status == 403
    assert (await client.post(f"{path}?session={session}", {}, origin="http://localhost:8081")).status != 403


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":NaN}', b"nul"])
async def test_what_is_not_json_is_told_so(client: Client, session: str, body: bytes) -> None:
    for path in ("/commands", "/presence"):
        answer = await client.post(f"{path}?session={session}", body)
        assert answer.status in (400, 413)
        assert answer.code in ("malformed_json", "too_large")


async def test_a_post_without_a_map_or_of_one_never_issued(client: Client) -> None:
    for path in ("/commands", "/presence", "/data"):
        body: Any = {"viewer": "tab", **RENAME} if path != "/commands" else RENAME
        if path == "/data":
            body = {"type": "Point", "coordinates": [1, 2]}
        assert (await client.post(path, body)).code == "bad_request"
        answer = await client.post(f"{path}?session=never", body)
        assert (answer.status, answer.code) == (404, "unknown_session")


async def test_a_command_over_1_mib_is_told_of_post_data(
    client: Client, session: str, autojump_clock: object
) -> None:
    answer = await client.post(f"/commands?session={session}", b'"' + b"x" * (1 << 20) + b'"')
    assert (answer.status, answer.code) == (413, "too_large")
    assert "POST /data" in answer.json["error"]["message"]
    answer = await client.ask(
        "POST", f"/commands?session={session}",
        {"content-type": "application/json", "content-length": "99999999"}, [b"{", None],
    )  # fmt: skip
    assert (answer.status, answer.code) == (413, "too_large")


async def test_a_body_that_does_not_arrive_is_given_up(
    client: Client, session: str, autojump_clock: object
) -> None:
    headers = {"content-type": "application/json", "content-length": "10"}
    started = trio.current_time()
    answer = await client.ask("POST", f"/commands?session={session}", headers, [b"{", None])
    assert (answer.status, answer.code) == (408, "slow_body")
    assert answer.json["error"]["temporary"] is True
    assert trio.current_time() - started == pytest.approx(60, abs=1)


async def test_a_store_that_cannot_write_is_503_and_nothing_changed(
    client: Client, store: HeldStore, session: str
) -> None:
    store.failures.append(StoreUnavailable("The disk is full: have room made."))
    answer = await client.post(f"/commands?session={session}", RENAME)
    assert (answer.status, answer.code) == (503, "store_unavailable")
    assert (await client.get("/ready")).json == {"status": "ready", "degraded": True}
    assert (await client.get("/health")).json == {"status": "healthy"}
    assert (await client.post(f"/commands?session={session}", RENAME)).status == 200
    assert (await client.get("/ready")).json == {"status": "ready"}


async def test_a_bug_is_500_with_a_traceback_in_the_log_and_no_ids(
    client: Client,
    site: Site,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: Any) -> None:  # noqa: ASYNC124
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(site.hub, "execute", broken)
    with caplog.at_level(logging.ERROR):
        answer = await client.post(f"/commands?session={session}", RENAME)
    assert (answer.status, answer.code) == (500, "internal")
    assert "ZeroDivisionError" in caplog.text and "POST /commands" in caplog.text
    assert session not in caplog.text


async def test_many_callers_lose_nothing(client: Client, session: str) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(50):
            body = add_layer(id=f"layer-{number}")
            nursery.start_soon(client.post, f"/commands?session={session}", body)
    state = (await client.get(f"/state?session={session}")).json["state"]
    assert {layer["id"] for layer in state["layers"]} == {f"layer-{number}" for number in range(50)}


async def test_a_method_that_is_not_there_is_405(client: Client) -> None:
    answer = await client.get("/commands")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "POST" in (answer.header("allow") or "")
    assert (await client.post("/health", {})).status == 405


async def test_a_preflight_of_another_site_is_not_allowed(client: Client) -> None:
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = await client.ask("OPTIONS", "/commands", headers)
    assert not [name for name, _ in answer.headers if name.startswith("access-control")]
