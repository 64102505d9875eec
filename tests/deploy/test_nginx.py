"""deploy/nginx before two real mapsrv and a real Valkey with the StatefulSet's arguments.

The first test opens two streams, which the last but two looks at when they are 65 s old: the others are done
in that time.
"""

from __future__ import annotations

import json
import signal
import socket
import ssl
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.deploy.kit.people import Tab, Writer
from tests.deploy.kit.site import Site, command, running_site
from tests.e2e.kit.server import NO_TLS, wait_until

OPEN_SECONDS = 65.0  # past the 60 s that most proxies give a silent answer
BURST = 5
MANY = 20  # streams, of which the median is told
MIB = 2**20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), "--rates", f"sessions=1/m:{BURST}") as site:
        yield site


@pytest.fixture(scope="module")
def long(site: Site) -> Iterator[tuple[str, list[Tab]]]:
    """A map, and streams of both kinds that are open for as long as the other tests take, and longer."""
    session_id = site.pods[0].new_map()
    tabs = [Tab(site, f"/events?session={session_id}"), Tab(site, "/sse")]
    yield session_id, tabs
    for tab in tabs:
        tab.close()


def get(site: Site, path: str, **headers: str) -> httpx2.Response:
    return httpx2.get(site.url + path, headers=headers, verify=site.trust, timeout=30)


def post(site: Site, path: str, body: bytes, **headers: str) -> httpx2.Response:
    given = {"content-type": "application/json", **headers}
    return httpx2.post(site.url + path, content=body, headers=given, verify=site.trust, timeout=120)


def raw(site: Site, request: str) -> int:
    """Return the status of a request that no library would send."""
    with (
        socket.create_connection(("localhost", site.https), timeout=10) as plain,
        site.trust.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(f"{request}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return int(line.recv(1000).split()[1])


def geojson(size: int) -> bytes:
    """Return a document of exactly so many bytes, with a property that takes all but some of them."""
    head = b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"a":"'
    tail = b'"}}],"b":"' + b"y" * 1000 + b'"}'  # that member is not kept: what is has room for an id
    return head + b"x" * (size - len(head) - len(tail)) + tail


def test_nginx_finds_nothing_to_complain_of(site: Site, long: tuple[str, list[Tab]]) -> None:
    done = subprocess.run(command(site, "-t"), capture_output=True, text=True, timeout=30)
    lines = (done.stderr + site.error_log).splitlines()
    # which mapsrv.conf says of itself: older ones know no other form
    said = "\n".join(line for line in lines if '"listen ... http2" directive is deprecated' not in line)
    assert done.returncode == 0 and "[emerg]" not in said and "[warn]" not in said, said


def test_browsers_are_sent_to_https_and_get_http_2(site: Site) -> None:
    plain = httpx2.get(f"http://127.0.0.1:{site.http}/?session=x", verify=NO_TLS)
    assert plain.status_code == 301 and plain.headers["location"] == "https://127.0.0.1/?session=x"
    trust = ssl.create_default_context(cafile=str(site.folder / "tls.crt"))
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("localhost", site.https), timeout=10) as socket_,
        trust.wrap_socket(socket_, server_hostname="localhost") as line,
    ):
        assert line.selected_alpn_protocol() == "h2"
    answer = get(site, "/health")
    assert answer.json() == {"status": "healthy"} and "strict-transport-security" in answer.headers


def test_the_page_and_its_links_are_those_of_the_proxy(site: Site) -> None:
    home = get(site, "/")
    assert home.status_code == 303 and home.headers["location"].startswith("/?session=")
    assert "Secure" in home.headers["set-cookie"]
    made = post(site, "/sessions", b"{}", **{"x-forwarded-prefix": "/evil", "x-forwarded-host": "evil.test"})
    assert made.json()["url"].startswith(f"{site.url}/?session=")


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "//metrics",
        "/%6detrics",
        "/x/../metrics",
        "/./metrics?a=b",
        "/ready",
        "/local",
    ],
)
def test_what_machines_ask_is_refused(site: Site, path: str) -> None:
    assert raw(site, f"GET {path} HTTP/1.1") == 403


def test_who_forges_where_it_comes_from_is_not_believed(site: Site) -> None:
    told = []
    for number in range(2 * BURST + 3):
        address = f"198.51.100.{number}"
        forged = {"x-forwarded-for": address, "x-real-ip": address, "forwarded": f"for={address}"}
        told.append(post(site, "/sessions", b"{}", **forged).status_code)
    assert set(told) == {201, 429} and told[-1] == 429
    assert not any("is not among --trusted-proxies" in pod.log for pod in site.pods)


def test_a_document_of_16_mib_goes_through_and_mapsrv_refuses_what_is_larger(
    site: Site, long: tuple[str, list[Tab]]
) -> None:
    path = f"/data?session={long[0]}"
    taken = post(site, path, geojson(16 * MIB))
    assert taken.status_code == 201 and taken.json()["bytes"] > 15 * MIB
    assert len(get(site, "/" + taken.json()["data"]).content) == taken.json()["bytes"]
    larger = post(site, path, geojson(16 * MIB + 1))
    assert larger.status_code == 413 and larger.json()["error"]["code"] == "too_large"
    assert post(site, path, geojson(18 * MIB)).status_code == 413


def test_the_first_event_comes_as_soon_as_it_does_directly(site: Site, long: tuple[str, list[Tab]]) -> None:
    path = f"/events?session={long[0]}"

    def median(direct: bool) -> float:
        """Return the milliseconds to the first event of one stream after the other."""
        took = []
        for number in range(MANY):
            tab = Tab(site, path, direct=site.pods[number % 2] if direct else None)
            took.append(wait_until(lambda: tab.first_after, 30))  # noqa: B023
            tab.close()
        return statistics.median(took) * 1000

    through, directly = median(direct=False), median(direct=True)
    print(f"the first event of a stream: {through:.1f} ms by nginx and TLS, {directly:.1f} ms direct")


def test_streams_are_still_open_after_65_seconds_and_events_come_at_once(
    site: Site, long: tuple[str, list[Tab]]
) -> None:
    session_id, tabs = long
    wait_until(lambda: time.monotonic() - max(tab.opened_at for tab in tabs) > OPEN_SECONDS, OPEN_SECONDS + 5)
    assert [tab.ended for tab in tabs] == [0, 0] and all(tab.messages for tab in tabs)
    position = site.pods[1].command(session_id, "open_map", title="After a minute")["position"]
    wait_until(lambda: tabs[0].events and tabs[0].events[-1].id == position)


def test_no_log_of_nginx_tells_what_opens_a_map(site: Site, long: tuple[str, list[Tab]]) -> None:
    lines = [json.loads(line) for line in site.access_log.splitlines()]
    assert len(lines) > 20 and all(line["path"].startswith("/") for line in lines)
    assert {line["request_id"] for line in lines if line["status"] == 200}
    assert long[0] not in site.access_log + site.error_log and "?" not in site.access_log


def test_nothing_acknowledged_is_lost_by_a_reload_a_kill_or_a_drain(tmp_path: Path) -> None:
    with running_site(tmp_path, "--rates", "off", "--drain-window", "1s") as site:
        a, b = site.pods
        session_id = a.new_map()
        tabs = [Tab(site, f"/events?session={session_id}", again=True) for _ in range(4)]
        wait_until(lambda: all(tab.messages for tab in tabs), 30)
        writer = Writer(site, session_id)

        def goes_on() -> None:
            before = len(writer.acknowledged)
            wait_until(lambda: len(writer.acknowledged) > before + 20, 60)

        goes_on()
        site.reload()
        goes_on()
        assert not writer.refused, "a reload costs nobody anything"
        a.stop(signal.SIGKILL)
        goes_on()
        a.start()
        goes_on()
        killed = list(writer.refused)
        b.stop(signal.SIGTERM)
        goes_on()
        b.start()
        goes_on()
        writer.stop()
        drained = writer.refused[len(killed) :]
        print(f"{len(writer.acknowledged)} acknowledged; refused by the kill {killed}, the drain {drained}")
        for pod in site.pods:
            layers = [layer["id"] for layer in pod.state(session_id)["state"]["layers"]]
            assert sorted(layers) == sorted(writer.acknowledged), "each, and each once"
        position = a.state(session_id)["position"]
        wait_until(lambda: all(tab.messages[-1].id == position for tab in tabs), 30)
        assert session_id not in site.access_log + site.error_log
        for tab in tabs:
            tab.close()
