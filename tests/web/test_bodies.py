"""Who may is asked at the head: a refused body is not read, and no body is held without leave."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest
import trio
import trio.testing

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.budget import Budget
from mapsrv.errors import StoreUnavailable
from mapsrv.hub.hub import Hub
from mapsrv.web.app import create_app
from mapsrv.web.page import Page
from mapsrv.web.site import Site
from mapsrv.web.streams import Streams
from tests.hub.kit.stores import HeldStore
from tests.web.conftest import MAX_DATA
from tests.web.kit.asgi import Answer, Client

READING = ["/data", "/commands", "/presence"]  # the routes that read a body
HEAD = {"content-type": "application/json"}


async def refused(client: Client, target: str, length: int = 1000) -> Answer:
    """Return what is answered to a head alone, when nothing of its body was taken."""
    headers = {**HEAD, "content-length": str(length)}
    async with client.exchange("POST", target, headers, [b"x", None]) as exchange:
        await exchange.ended.wait()
        assert exchange.parts == [b"x", None] and exchange.answer is not None
        return exchange.answer


@pytest.mark.parametrize("path", READING)
async def test_a_map_never_issued_is_told_before_the_body(client: Client, path: str) -> None:
    answer = await refused(client, f"{path}?session=never")
    assert (answer.status, answer.code) == (404, "unknown_session")


@pytest.mark.parametrize("path", READING)
async def test_a_store_that_is_away_is_told_before_the_body_and_is_not_404(
    client: Client, store: HeldStore, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def away(*_: object) -> None:  # noqa: ASYNC124
        raise StoreUnavailable("The store is away.")

    monkeypatch.setattr(store, "load", away)
    answer = await refused(client, f"{path}?session=never")
    assert (answer.status, answer.code) == (503, "store_unavailable")


@pytest.mark.parametrize("path", READING)
async def test_a_body_that_says_it_is_too_large_is_refused_unread(
    client: Client, session: str, path: str
) -> None:
    answer = await refused(client, f"{path}?session={session}", MAX_DATA + 1)
    assert (answer.status, answer.code) == (413, "too_large")


async def test_of_a_body_that_is_too_large_no_more_is_read_than_shows_that(
    client: Client, session: str
) -> None:
    part = b" " * (MAX_DATA // 4)
    async with client.exchange("POST", f"/data?session={session}", HEAD, [part] * 9) as exchange:
        await exchange.ended.wait()
        assert exchange.answer is not None and exchange.answer.code == "too_large"
        assert len(exchange.parts) == 4


async def test_asking_after_a_map_in_memory_costs_no_store_call(
    client: Client, store: HeldStore, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client.stream(f"/events?session={session}"):
        for name in ("load", "exists"):
            monkeypatch.setattr(store, name, None, raising=False)
        body = {"viewer": "tab", "visible": True}
        assert (await client.post(f"/presence?session={session}", body)).status == 204


async def test_a_body_that_no_route_reads_holds_nothing_and_its_client_may_leave(
    client: Client, site: Any, session: str
) -> None:
    parts: list[bytes | None] = [b"x" * 60_000] * 20
    async with client.exchange("GET", f"/events?session={session}", {}, [*parts, None]) as exchange:
        await exchange.begun.wait()
        while len(exchange.parts) > 1:  # noqa: ASYNC110
            await trio.lowlevel.checkpoint()
        assert len(site.streams) == 1
    assert len(site.streams) == 0


FLIGHT = 400_000
FAR = "192.0.2.1"


@pytest.fixture
def flying(hub: Hub, page: Page) -> tuple[Budget, Client, Client]:
    """A budget, and clients on this machine and on another."""
    site = Site(hub, OriginGuard("127.0.0.1"), page, Streams(hub, per_session=3), Budget(FLIGHT))
    app = create_app(site)
    return site.budget, Client(app), Client(app, peer=FAR)


async def test_a_body_is_in_flight_from_its_first_bytes_until_the_request_ends(
    flying: tuple[Budget, Client, Client], session: str
) -> None:
    budget, client, _ = flying
    target, part = f"/data?session={session}", b" " * 50_000
    async with client.exchange("POST", target, {**HEAD, "content-length": "300000"}, [part, part, None]):
        await trio.testing.wait_all_tasks_blocked()
        assert budget.all.taken == 100_000
    assert budget.all.taken == 0
    assert (await client.post(target, part)).status == 422
    assert budget.all.taken == 0


async def test_what_does_not_fit_is_503_with_retry_after_at_the_head_or_where_it_no_longer_fits(
    flying: tuple[Budget, Client, Client], session: str
) -> None:
    budget, client, far = flying
    target = f"/data?session={session}"
    for who, least in ((client, FLIGHT), (far, FLIGHT // 4)):
        answer = await refused(who, target, least + 1)
        assert (answer.status, answer.code, answer.header("retry-after")) == (503, "busy", "5")
        async with who.exchange("POST", target, HEAD, [b" " * (least // 2)] * 3 + [None]) as exchange:
            await exchange.ended.wait()
            assert exchange.answer is not None and exchange.answer.code == "busy"
            assert exchange.parts == [None]
        assert budget.all.taken == 0


async def test_a_document_is_counted_once_while_anyone_reads_it(
    flying: tuple[Budget, Client, Client], session: str
) -> None:
    budget, client, _ = flying
    text = "x" * 30_000
    texts = [{"type": "Feature", "geometry": None, "properties": {"n": n, "t": text}} for n in range(9)]
    stored = (
        await client.post(f"/data?session={session}", {"type": "FeatureCollection", "features": texts})
    ).json
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(client.exchange("GET", f"/{stored['data']}", {}))
            for _ in range(10)
        ]
        for reader in readers:
            reader.reading = trio.Event()
        with trio.fail_after(10):
            while not budget.all.taken:  # noqa: ASYNC110 (its hash is looked at in a thread)
                await trio.sleep(0.001)
        await trio.testing.wait_all_tasks_blocked()
        assert budget.all.taken == stored["bytes"]
        for reader in readers[:9]:
            reader.gone.set()
        await trio.testing.wait_all_tasks_blocked()
        assert budget.all.taken == stored["bytes"]
        readers[9].reading.set()
        await readers[9].ended.wait()
        answer = readers[9].answer
        assert answer is not None and len(answer.body) == stored["bytes"]
        assert answer.header("content-length") == str(stored["bytes"])
    assert budget.all.taken == 0
