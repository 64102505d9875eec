"""What is asked over HTTP: addresses, times, and a service that keeps its caller waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from mapsrv.errors import InvalidArgument, StartupError
from mapsrv.stdio_servers.backend import (
    ANSWER_SECONDS,
    NotAnswered,
    open_backend,
    parse_address,
    parse_range,
)


@pytest.mark.parametrize(
    "text", ["loki:3100", "ftp://loki", "http://", "http://loki:x", "http://a/?b=c", "x", "http://a#b"]
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(StartupError, match="^LOKI_URL is not an address"):
        parse_address("LOKI_URL", text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", None),
        ("http://loki:3100", "http://loki:3100"),
        ("https://ana:pw@logs.example/loki/", "https://ana:pw@logs.example/loki"),
        ("http://[::1]:19999", "http://[::1]:19999"),
    ],
)
def test_an_address_is_taken_with_its_path(text: str, url: str | None):
    assert parse_address("LOKI_URL", text) == url


@pytest.mark.parametrize(
    ("since", "seconds"),
    [("1s", 1), ("15m", 900), ("2h", 7200), ("1d", 86400), ("4w", 28 * 86400), ("30d", 2592000)],
)
def test_a_time_is_counted_back_from_its_end(since: str, seconds: int):
    end = datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert parse_range(since, "2026-11-21T18:00:00+01:00") == (end - timedelta(seconds=seconds), end)
    assert parse_range(since, "2026-11-21 17:00") == parse_range(since, "2026-11-21T17:00:00.000Z")


@pytest.mark.parametrize(
    ("since", "end"),
    [
        ("31d", ""),
        ("999999w", ""),
        ("1h", "now"),
        ("1h", "2026-W01-1"),
        ("1h", "2026-02-30T00:00"),
        ("1h", "0001-01-01T00:00"),
    ],
)
def test_a_time_that_is_none_or_too_long_is_refused(since: str, end: str):
    with pytest.raises(InvalidArgument, match="`(since|end)` is "):
        parse_range(since, end)


@pytest.mark.parametrize("drips", [False, True])
async def test_a_service_that_keeps_its_caller_waiting_is_left(
    drips: bool, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    """One byte now and then is no answer either; each of them comes in time for itself."""

    async def serve(link: trio.SocketStream) -> None:
        await link.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" if drips else b"")
        try:
            while drips:
                await trio.sleep(1)
                await link.send_all(b" ")
            await trio.sleep_forever()
        except trio.BrokenResourceError:
            pass

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listener.socket.getsockname()[1]
        monkeypatch.setenv("LOKI_URL", f"http://127.0.0.1:{port}")
        began = trio.current_time()
        async with open_backend("Loki", "LOKI_URL") as loki:
            with pytest.raises(NotAnswered, match="Loki did not answer within 20 seconds"):
                await loki.get("/", dict[str, Any], {})
        assert trio.current_time() - began == pytest.approx(ANSWER_SECONDS, abs=1)
        nursery.cancel_scope.cancel()


async def test_a_service_that_closes_a_connection_as_it_is_used_again_is_asked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    async def serve(link: trio.SocketStream) -> None:
        await link.receive_some()
        await link.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await link.receive_some()  # the next question, if it comes here: it gets no answer

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        monkeypatch.setenv("LOKI_URL", f"http://127.0.0.1:{listener.socket.getsockname()[1]}")
        async with open_backend("Loki", "LOKI_URL") as loki:
            for _ in range(2):
                assert await loki.get("/", dict[str, Any], {}) == {}
        nursery.cancel_scope.cancel()
