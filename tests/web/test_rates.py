"""What a client may ask for how often, over the routes: refused before its body is read, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio

from mapsrv.asgi.rate_limits import HOLD_SECONDS, TABS, RateLimits
from mapsrv.config.rates import rates
from mapsrv.web.site import Site
from tests.web.kit.asgi import Answer, Client

FAR, OTHER = "192.0.2.1", "192.0.2.2"
JSON = {"content-type": "application/json"}
TIGHT = "commands=1/s:2 opens=1/s:2 sessions=1/s:2 data=1/s:2 presence=1/s:2"
POINT = {"type": "Point", "coordinates": [8.5, 47.4]}
TITLE = {"command": "open_map", "arguments": {"title": "Lakes"}}

ASK: dict[str, tuple[str, str, dict[str, str], Any]] = {
    "commands": ("POST", "/commands?session=ID", JSON, TITLE),
    "opens": ("HEAD", "/events?session=ID", {}, None),
    "sessions": ("POST", "/sessions", JSON, {}),
    "data": ("POST", "/data?session=ID", JSON, POINT),
    "presence": ("POST", "/presence?session=ID", JSON, {"viewer": "tab", "visible": True}),
}


@pytest.fixture
def client(site: Site, app: Any) -> Callable[[str | None], Client]:
    """Clients at addresses, of a site with tight rates."""
    site.rates = RateLimits(rates(TIGHT))
    return lambda address: Client(app, peer=address)


async def ask(client: Client, what: str, session: str, **more: str) -> Answer:
    method, target, headers, value = ASK[what]
    target = target.replace("ID", session)
    if method == "POST":
        return await client.post(target, value, **headers, **more)
    return await client.ask(method, target, {**headers, **more})


@pytest.mark.parametrize("what", ASK)
async def test_who_asks_too_often_is_refused_and_served_again_later(
    client: Any, session: str, what: str
) -> None:
    far, other = client(FAR), client(OTHER)
    assert [(await ask(far, what, session)).status < 300 for _ in range(2)] == [True] * 2
    began = trio.current_time()
    answer = await ask(far, what, session)
    assert trio.current_time() - began >= HOLD_SECONDS, "what is refused is not asked again at once"
    assert answer.status == 429 and answer.header("retry-after") == "1"
    assert answer.header("ratelimit-policy") == f'"{what}";q=2;w=2'
    assert answer.header("ratelimit") == f'"{what}";r=0;t=1'
    assert what == "opens" or (answer.code == "too_many" and "Wait 1 s" in answer.json["error"]["message"])
    assert (await ask(other, what, session)).status < 300
    await trio.sleep(1)
    again = await ask(far, what, session)
    assert again.status < 300 and again.header("ratelimit") is None


@pytest.mark.parametrize("what", ASK)
async def test_this_machine_is_not_counted_unless_it_passes_on_others(
    client: Any, session: str, what: str
) -> None:
    here, unix = client("127.0.0.1"), client(None)
    for one in (here, unix):
        assert all([(await ask(one, what, session)).status < 300 for _ in range(9)])
    told = [await ask(here, what, session, x_forwarded_for=f"192.0.2.{number}") for number in range(4)]
    assert [answer.status == 429 for answer in told] == [False, False, True, True]


async def test_each_tab_has_its_own_rate_and_all_of_one_address_have_theirs(
    client: Any, session: str, site: Site
) -> None:
    site.rates = RateLimits(rates(TIGHT), lambda: 1000.0)
    far, other = client(FAR), client(OTHER)

    async def say(client: Client, tab: str) -> Answer:
        return await client.post(f"/presence?session={session}", {"viewer": tab, "visible": True})

    assert [(await say(far, "one")).status for _ in range(3)] == [204, 204, 429]
    assert [(await say(far, "two")).status for _ in range(3)] == [204, 204, 429]
    for number in range(TABS.burst - 6):
        assert (await say(far, f"tab {number}")).status == 204
    answer = await say(far, "one more")
    assert answer.status == 429 and answer.header("ratelimit-policy") == '"tabs";q=2500;w=5'
    assert (await say(other, "one more")).status == 204
    log = f"/log?session={session}"
    assert [(await one.get(log)).status for one in (far, other)] == [429, 200]


@pytest.mark.parametrize("what", ["commands", "data", "sessions"])
async def test_a_refusal_comes_before_the_body(client: Any, session: str, what: str) -> None:
    far = client(FAR)
    for _ in range(2):
        await ask(far, what, session)
    method, target, headers, _ = ASK[what]
    answer = await far.ask(method, target.replace("ID", session), headers, [b"{", None])
    assert answer.status == 429


@pytest.mark.parametrize("way", ["/", "/events", "/sessions"])
async def test_whoever_is_given_a_new_map_is_counted_for_it_on_every_way(
    client: Any, session: str, way: str, site: Site
) -> None:
    site.rates = RateLimits(rates("sessions=1/s:2"))
    far = client(FAR)

    async def one() -> int:
        if way == "/sessions":
            return (await far.post(way, {})).status
        return (await far.ask("HEAD" if way == "/events" else "GET", way, {})).status

    assert [await one() for _ in range(2)] in ([303] * 2, [200] * 2, [201] * 2)
    assert await one() == 429
    far.cookies["mapsrv_session"] = session
    assert way == "/sessions" or await one() != 429, "no new map is made"
    assert (await far.get(f"/?session={session}")).status == 200


async def test_what_another_site_asks_of_a_browser_does_not_use_up_its_rate(
    client: Any, session: str
) -> None:
    far = client(FAR)
    for _ in range(9):
        assert (await ask(far, "commands", session, origin="https://evil.example")).status == 403
    assert (await ask(far, "commands", session)).status == 200


async def test_without_rates_nothing_is_counted(app: Any, session: str) -> None:
    far = Client(app, peer=FAR)
    assert all([(await ask(far, "sessions", session)).status == 201 for _ in range(30)])
