"""Streams that end before their readers want it: the server stops, they are old, or the map is not ours."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio
import trio.testing

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.config import DRAIN_WINDOW
from mapsrv.errors import NewerFormat
from mapsrv.http_server.connections import CLOSE_SECONDS, CUT_SECONDS
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import BRANCH_SECONDS, FLUSH_SECONDS
from mapsrv.hub.replicas.parting import let_go
from mapsrv.metrics.maps import REGISTRY
from mapsrv.store.redis.client import CLOSE_SECONDS as REDIS_SECONDS
from mapsrv.store.redis.feed import CLOSE_SECONDS as FEED_SECONDS
from mapsrv.transports.endpoints import DRAIN_SECONDS, END_SECONDS
from mapsrv.web.app import create_app
from mapsrv.web.page import Page
from mapsrv.web.site import Site
from mapsrv.web.stream import RETRY_MS, Stream
from mapsrv.web.streams import LIFETIME_SECONDS, LIFETIME_SPREAD, Streams
from tests.test_docs import PODS
from tests.web.kit.asgi import Client, Exchange

MANY = 40
GRACE = 45  # seconds: what the docs say for Kubernetes' terminationGracePeriodSeconds


@pytest.fixture
def streams(hub: Hub) -> Streams:
    return Streams(hub, per_session=100)


@pytest.fixture
def site(hub: Hub, page: Page, streams: Streams) -> Site:
    return Site(hub, OriginGuard("127.0.0.1"), page, streams)


@asynccontextmanager
async def watching(client: Client, session: str, count: int) -> AsyncIterator[list[Exchange]]:
    async with AsyncExitStack() as stack:
        target = f"/events?session={session}"
        yield [await stack.enter_async_context(client.stream(target)) for _ in range(count)]


def told(stream: Exchange) -> int:
    """Return the milliseconds after which a stream that was told to drain is to come back."""
    last = stream.messages[-1]
    assert last.event == "drain" and last.data == b"{}" and last.retry is not None
    return last.retry


def drained() -> float:
    return REGISTRY.get_sample_value("mapsrv_streams_drained_total", {"why": "stopping"}) or 0.0


async def test_streams_end_at_an_even_pace_and_come_back_spread_over_the_window(
    autojump_clock: object, client: Client, streams: Streams, session: str
) -> None:
    ended: list[float] = []

    async def wait(stream: Exchange) -> None:
        await stream.ended.wait()
        ended.append(trio.current_time() - began)

    before = drained()
    async with watching(client, session, MANY) as opened, trio.open_nursery() as nursery:
        began = trio.current_time()
        for stream in opened:
            nursery.start_soon(wait, stream)
        nursery.start_soon(streams.drain, 8.0)
        await trio.sleep(4.05)
        answer = await client.get(f"/events?session={session}")
        assert (answer.status, answer.code) == (503, "draining")
        assert len(streams) == MANY // 2 - 1
    assert ended == pytest.approx([8.0 * number / MANY for number in range(MANY)], abs=0.01)
    again = [told(stream) for stream in opened]
    assert 0 < min(again) < 2000 < 6000 < max(again) <= 8100
    assert drained() == before + MANY


async def test_alone_streams_end_at_once_and_come_back_as_after_any_end(
    autojump_clock: object, client: Client, streams: Streams, session: str
) -> None:
    async with watching(client, session, MANY) as opened:
        began = trio.current_time()
        await streams.drain()
        await streams.ended()
        assert trio.current_time() == began
    assert all(RETRY_MS[0] <= told(stream) <= RETRY_MS[1] for stream in opened)


async def test_a_stream_that_was_let_in_before_the_end_and_begins_after_it_is_told_too(
    autojump_clock: object, hub: Hub, streams: Streams, session: str
) -> None:
    await streams.check(session)
    await streams.drain(5.0)
    reading = lambda: hub.subscribe(session, None, viewer="tab", name="", url="")  # noqa: E731
    async with Stream(streams, reading) as stream:
        assert [part.split(b"\n")[0] async for part in stream][1:] == [b"event: drain"]


async def test_where_other_pods_are_a_stream_lives_ten_minutes_more_or_less(
    autojump_clock: object, hub: Hub, page: Page, session: str
) -> None:
    streams = Streams(hub, per_session=100, lifetime=LIFETIME_SECONDS)
    client = Client(create_app(Site(hub, OriginGuard("127.0.0.1"), page, streams)))
    least, most = LIFETIME_SECONDS * (1 - LIFETIME_SPREAD), LIFETIME_SECONDS * (1 + LIFETIME_SPREAD)
    async with watching(client, session, MANY) as opened:
        await trio.sleep(least - 1)
        assert len(streams) == MANY
        await trio.sleep((most - least) / 2)
        assert 0.1 * MANY < len(streams) < 0.9 * MANY
        await trio.sleep((most - least) / 2 + 1)
        assert len(streams) == 0
        assert max(told(stream) for stream in opened) <= 1000, "nothing is wrong: it comes again at once"
        async with client.stream(f"/events?session={session}") as again:
            assert again.answer is not None
            opening = int(again.answer.body.partition(b"\n")[0].removeprefix(b"retry: "))
            assert RETRY_MS[0] <= opening <= RETRY_MS[1], "a retry sticks until the next"


async def test_alone_a_stream_has_no_end(
    autojump_clock: object, client: Client, streams: Streams, session: str
) -> None:
    assert streams.lifetime() == math.inf
    async with client.stream(f"/events?session={session}"):
        await trio.sleep(10 * LIFETIME_SECONDS)
        assert len(streams) == 1


async def test_a_map_that_a_newer_release_has_written_sends_its_readers_away_and_no_others(
    autojump_clock: object, client: Client, hub: Hub, streams: Streams, session: str
) -> None:
    other = await hub.create_session()
    async with watching(client, session, 3) as opened, watching(client, other, 1) as (stays,):
        async with hub.open_session(session) as live:
            let_go(live, NewerFormat("It was written by a newer release."))
        for stream in opened:
            await stream.ended.wait()
            told(stream)
        assert len(streams) == 1 and not stays.ended.is_set()


def test_a_pod_ends_within_the_grace_period_and_the_docs_say_how_it_adds_up() -> None:
    ends = DRAIN_SECONDS + END_SECONDS + CLOSE_SECONDS + CUT_SECONDS  # of calls, streams, connections
    bounds = BRANCH_SECONDS + FLUSH_SECONDS + ends + FEED_SECONDS + REDIS_SECONDS
    assert f"at most {math.ceil(bounds)} s more" in PODS
    assert f"--drain-delay 5s` and the default window of {DRAIN_WINDOW:g} s" in PODS
    assert f"is 30 unless told, to {GRACE}" in PODS
    assert 5 + DRAIN_WINDOW + math.ceil(bounds) < GRACE
