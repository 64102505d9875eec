"""In front is what a tab shows that traded a token for a proof; all others watch, and no more."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.hub.hub import Hub
from mapsrv.local.front import TOKEN_SECONDS, Front
from mapsrv.web.app import create_app
from mapsrv.web.site import Site
from tests.web.kit.asgi import Client

FORGED: tuple[Any, ...] = (None, 7, "", "x" * 60_000, "ä.b", "\x00", "A" * 22, ["a"], {"a": 1}, "a.b.c")


async def proof_of(client: Client, token: str) -> str:
    """Trade a token as a page does."""
    answer = await client.post("/front", {"token": token})
    assert answer.status == 200 and answer.header("cache-control") == "no-store"
    return str(answer.json["proof"])


async def shows(client: Client, session: str, viewer: str = "tab", **told: Any) -> int:
    """Say that a tab shows a map, as its page does."""
    about = {"viewer": viewer, "visible": True, **told}
    return (await client.post(f"/presence?session={session}", about)).status


@pytest.mark.parametrize(
    ("peer", "headers"),
    [("127.0.0.1", {}), ("::1", {}), ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}), (None, {})],
)
async def test_a_stream_alone_is_never_in_front(
    app: Any, hub: Hub, session: str, peer: str | None, headers: dict[str, str]
) -> None:
    stranger = Client(app, peer=peer)
    async with stranger.stream(f"/events?session={session}&viewer=tab", **headers):
        for proof in FORGED:
            assert await shows(stranger, session, proof=proof) == 204
        assert hub.in_front() is None


async def test_a_tab_with_a_proof_is_in_front_wherever_it_is(
    app: Any, client: Client, site: Site, hub: Hub, session: str
) -> None:
    proof = await proof_of(client, site.front.token())
    for peer in ("127.0.0.1", "203.0.113.9"):  # as behind a proxy, on this machine or on another
        tab = Client(app, peer=peer)
        async with tab.stream(f"/events?session={session}&viewer=tab"):
            assert hub.in_front() is None
            assert await shows(tab, session, proof=proof) == 204
            assert hub.in_front() == session


async def test_a_proof_says_nothing_of_other_tabs_of_the_map(
    client: Client, site: Site, hub: Hub, session: str, autojump_clock: object
) -> None:
    shared, theirs = session, await hub.create_session()
    proof = await proof_of(client, site.front.token())
    async with (
        client.stream(f"/events?session={shared}&viewer=mine"),
        client.stream(f"/events?session={shared}&viewer=somebody"),
        client.stream(f"/events?session={theirs}&viewer=somebody-too"),
    ):
        await shows(client, shared, "mine", proof=proof)
        await trio.sleep(1)
        await shows(client, theirs, "somebody-too")
        await shows(client, shared, "somebody")
        assert hub.in_front() == shared
        await shows(client, shared, "mine", gone=True)
        assert hub.in_front() is None, "who is left there is somebody else"


async def test_a_token_is_good_once(client: Client, site: Site) -> None:
    token = site.front.token()
    await proof_of(client, token)
    again = await client.post("/front", {"token": token})
    assert (again.status, again.code) == (422, "invalid_argument")


async def test_a_token_is_good_for_ten_minutes(client: Client, site: Site, autojump_clock: object) -> None:
    late, early = site.front.token(), site.front.token()
    await trio.sleep(TOKEN_SECONDS - 1)
    await proof_of(client, early)
    await trio.sleep(1)
    assert (await client.post("/front", {"token": late})).code == "invalid_argument"


@pytest.mark.parametrize("token", FORGED)
async def test_what_is_no_token_gets_no_proof(client: Client, site: Site, token: Any) -> None:
    site.front.token()
    answer = await client.post("/front", {"token": token})
    assert (answer.status, answer.code) == (422, "invalid_argument")


async def test_another_sites_page_cannot_trade(client: Client, site: Site) -> None:
    token = site.front.token()
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        answer = await client.post("/front", {"token": token}, **headers)
        assert (answer.status, answer.code) == (403, "forbidden")
    answer = await client.post("/front", {"token": token}, content_type="text/plain")
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert (await client.post("/front", [token])).status == 422
    await proof_of(client, token)


COMMAND = ("/opt/mapsrv", "stdio")


async def test_the_command_is_told_to_this_users_own_pages_alone(client: Client, site: Site) -> None:
    site.front = Front(command=COMMAND)
    proof = await proof_of(client, site.front.token())
    answer = await client.post("/front", {"proof": proof})
    assert (answer.status, answer.json) == (200, {"command": list(COMMAND)})
    assert answer.header("cache-control") == "no-store"
    for forged in FORGED:
        refused = await client.post("/front", {"proof": forged})
        assert (refused.status, refused.code) == (422, "invalid_argument") and COMMAND[
            0
        ].encode() not in refused.body
    evil = await client.post("/front", {"proof": proof}, origin="http://evil.example")
    assert evil.status == 403
    assert (
        await client.post("/front", {"proof": proof})
    ).status == 200, "a proof is good as often as one likes"


@pytest.mark.parametrize("public", [None, "https://maps.example.org/pre"])
async def test_where_no_host_can_start_it_no_command_is_told(
    client: Client, site: Site, public: str | None
) -> None:
    site.front = Front(command=COMMAND if public else ())
    site.origins = OriginGuard("127.0.0.1", public)
    proof = await proof_of(client, site.front.token())
    assert (await client.post("/front", {"proof": proof})).json == {"command": None}


async def test_a_proof_outlives_the_server_and_is_good_at_no_other(
    site: Site, client: Client, hub: Hub, session: str
) -> None:
    site.front = Front(b"k" * 32)
    proof = await proof_of(client, site.front.token())
    for key, shown in ((b"o" * 32, None), (b"k" * 32, session)):
        site.front = Front(key)
        tab = Client(create_app(site))
        async with tab.stream(f"/events?session={session}&viewer=tab"):
            assert await shows(tab, session, proof=proof) == 204
            assert hub.in_front() == shown
