"""Who asks too often behind a real nginx: refused alone where the proxy is trusted, else with all others."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.e2e.kit.nginx import forwarding
from tests.e2e.kit.server import NO_TLS, Server, running

GREEDY, MODEST = "203.0.113.9", "198.51.100.7"
BURST, REFUSED = 20, 60  # commands
RATES = f"commands=5/s:{BURST} sessions=1/m:3"
CALL = {"command": "set_basemap", "arguments": {"name": "none"}}


@contextmanager
def proxied(folder: Path, *flags: str, prefix: str = "") -> Iterator[tuple[Server, str]]:
    """Run a server behind nginx; yield it and nginx's base URL."""
    with running(folder, "--rates", RATES, *flags) as server:
        with forwarding(folder / "nginx", [server], prefix) as proxy:
            yield server, proxy.url


def asking(base: str, address: str) -> httpx2.Client:
    """Return a client at an address, for nginx."""
    return httpx2.Client(base_url=base, headers={"x-test-client": address}, verify=NO_TLS, timeout=30)


def command(client: httpx2.Client, session: str) -> httpx2.Response:
    return client.post("/commands", params={"session": session}, json=CALL)


def test_behind_a_trusted_proxy_one_that_asks_too_often_is_refused_and_another_is_served(
    tmp_path: Path,
) -> None:
    with proxied(tmp_path, "--trusted-proxies", "127.0.0.1") as (server, base):
        session = server.new_map()  # straight, from this machine: not counted
        with asking(base, GREEDY) as greedy, asking(base, MODEST) as modest:
            alone = [_seconds(modest, session) for _ in range(5)]
            told: list[httpx2.Response] = []
            began = time.monotonic()
            flooding = threading.Thread(target=lambda: told.extend(_flood(greedy, session)))
            flooding.start()
            beside = [_seconds(modest, session) for _ in range(BURST - 5)]
            flooding.join()
            seconds = time.monotonic() - began
        counts = Counter(answer.status_code for answer in told)
        assert set(counts) == {200, 429} and counts[200] <= BURST + 5 * seconds + 1
        refused = next(answer for answer in told if answer.status_code == 429)
        assert refused.headers["retry-after"] == "1" and refused.json()["error"]["code"] == "too_many"
        assert refused.headers["ratelimit-policy"] == f'"commands";q={BURST};w={BURST // 5}'
        assert refused.headers["ratelimit"] == '"commands";r=0;t=1'
        print(f"p50 of the other: alone {statistics.median(alone):.4f} s,", end=" ")
        print(f"beside a flood {statistics.median(beside):.4f} s; {dict(counts)} of the flood")
        assert "count as one" not in server.log


def _flood(client: httpx2.Client, session: str) -> list[httpx2.Response]:
    """Ask without a pause until a good many were refused."""
    told: list[httpx2.Response] = []
    while sum(answer.status_code == 429 for answer in told) < REFUSED:
        told.append(command(client, session))
    return told


def _seconds(client: httpx2.Client, session: str) -> float:
    began = time.perf_counter()
    assert command(client, session).status_code == 200
    return time.perf_counter() - began


def test_what_a_client_forges_before_its_address_changes_nothing(tmp_path: Path) -> None:
    with proxied(tmp_path, "--trusted-proxies", "127.0.0.1") as (_, base):
        with asking(base, GREEDY) as greedy, asking(base, MODEST) as modest:
            forged = [{"x-forwarded-for": text} for text in ("192.0.2.1", "127.0.0.1", "garbage", ",,")]
            made = [greedy.post("/sessions", json={}, headers=each).status_code for each in forged]
            assert made == [201, 201, 201, 429]
            assert modest.post("/sessions", json={}).status_code == 201


def test_behind_a_proxy_that_is_not_trusted_all_count_as_one_and_the_log_says_so_once(tmp_path: Path) -> None:
    with proxied(tmp_path) as (server, base):
        with asking(base, GREEDY) as greedy, asking(base, MODEST) as modest:
            made = [client.post("/sessions", json={}).status_code for client in (greedy, modest) * 2]
            assert made == [201, 201, 201, 429]
            refused = modest.post("/sessions", json={})
            assert int(refused.headers["retry-after"]) > 30 and "Wait" in refused.json()["error"]["message"]
        assert [server.new_map() for _ in range(5)], "straight, from this machine, nobody is counted"
        assert server.log.count("all callers behind such a proxy count as one") == 1
        assert GREEDY not in server.log and MODEST not in server.log


def test_scheme_and_prefix_are_told_by_a_trusted_proxy_alone(tmp_path: Path) -> None:
    with proxied(tmp_path, "--trusted-proxies", "127.0.0.0/8", prefix="/maps") as (server, base):
        with asking(base, MODEST) as client:
            answer = client.post("/sessions", json={})
            assert answer.headers["strict-transport-security"].startswith("max-age=")
            url = answer.json()["url"]
            assert url.startswith("https://127.0.0.1:") and "/maps/?session=" in url
            page = client.get(f"/?{url.partition('?')[2]}")
            assert page.status_code == 200 and page.headers["cross-origin-opener-policy"] == "same-origin"
            ping = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
            assert ping.status_code < 500 and "strict-transport-security" in ping.headers
            with client.stream("GET", "/sse") as stream:
                assert "strict-transport-security" in stream.headers
                lines = stream.iter_lines()
                address = next(line for line in lines if line.startswith("data: "))
                assert address.startswith("data: /maps/messages?session_id=")
        straight = httpx2.get(f"{server.url}/health", verify=NO_TLS)
        assert "strict-transport-security" not in straight.headers
