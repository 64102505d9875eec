"""Whose Host and Origin may change maps, and what links begin with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.asgi.origin_guard import Authority, OriginGuard
from mapsrv.errors import Forbidden

LAPTOP = OriginGuard("127.0.0.1")
OPEN = OriginGuard("0.0.0.0")
NAMES = ["pages.example.org", "other.example.org:8443"]
PROXIED = OriginGuard("127.0.0.1", "https://maps.example.org/live/", NAMES)

LOOPBACK = (
    "localhost:8081 LOCALHOST 127.0.0.1:8081 127.8.9.1 [::1]:8081 [::1] localhost. [::ffff:127.0.0.1]:8081"
).split()
STRANGE = [
    *("", "local host", "localhost\r\nx: y", "\xe9", "localhost:8081,evil.example"),
    *"evil.example evil.example:8081 localhost.evil.example 127.0.0.1.evil.example 127.1 0x7f.0.0.1".split(),
    *"2130706433 localhost:99999 localhost: a@localhost localhost/x [::1 ::1 [evil] localhost:80:80".split(),
    "user:pw@127.0.0.1",
]
ELSEWHERE = [
    *("", "null", "http://localhost:8081 http://evil.example"),
    *"http://localhost:3000 http://localhost https://localhost:3000 http://127.0.0.1:8081".split(),
    *"http://evil.example http://evil.example:8081 file:// localhost:8081 chrome-extension://abc".split(),
    *"http://localhost:8081/ http://localhost:8081@evil.example http://localhost:8081#x".split(),
]


def allowed(origins: OriginGuard, host: str | None, origin: str | None = None, **more: object) -> bool:
    try:
        origins.check(host, origin, **more)  # type: ignore[arg-type]
    except Forbidden as error:
        assert error.status == 403
        return False
    return True


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_goes_by_its_loopback_names(host: str) -> None:
    assert all(allowed(origins, host) for origins in (LAPTOP, OPEN, PROXIED))


@pytest.mark.parametrize("host", STRANGE)
def test_no_other_name_is_taken_so_that_none_can_be_rebound(host: str) -> None:
    assert not any(allowed(origins, host) for origins in (LAPTOP, OPEN, PROXIED))
    with pytest.raises(Forbidden, match="--allowed-host"):
        LAPTOP.base_url(host, "http")


def test_a_request_without_a_host_is_refused() -> None:
    assert not allowed(LAPTOP, None)


def test_any_address_is_taken_when_listening_beyond_loopback() -> None:
    for host in ("192.168.1.7:8081", "10.0.0.7", "[fe80::1]:8081", "0.0.0.0:8081"):
        assert not allowed(LAPTOP, host) and allowed(OPEN, host) and allowed(OriginGuard("::"), host)
        assert allowed(OriginGuard("192.168.1.7"), host)
        assert allowed(OPEN, host, f"http://{host}")
        assert not allowed(OPEN, host, "http://192.168.1.8:8081")


def test_a_name_that_the_server_was_told_is_its_own() -> None:
    assert allowed(PROXIED, "maps.example.org") and allowed(PROXIED, "maps.example.org:80")
    assert allowed(PROXIED, "pages.example.org:1234") and allowed(PROXIED, "other.example.org:8443")
    assert not allowed(PROXIED, "other.example.org") and not allowed(PROXIED, "x.maps.example.org")
    assert allowed(OriginGuard("maps.lan"), "maps.lan:8081")
    assert allowed(OriginGuard("localhost"), "localhost:8081")


def test_a_page_may_change_maps_from_its_own_address_alone() -> None:
    assert allowed(LAPTOP, "localhost:8081", "http://localhost:8081")
    assert allowed(LAPTOP, "localhost", "http://localhost")
    assert allowed(LAPTOP, "localhost:80", "http://localhost")
    for other in ELSEWHERE:
        assert not allowed(LAPTOP, "localhost:8081", other), other


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "192.168.1.7", "[fe80::1]"])
@pytest.mark.parametrize("port", ["", ":80", ":443", ":8081"])
def test_an_https_page_at_an_address_is_ours_only_when_told_so(name: str, port: str) -> None:
    host = name + port
    for origins in (LAPTOP, OPEN, PROXIED, OriginGuard("localhost")):
        assert not allowed(origins, host, f"https://{host}") and not allowed(origins, host, f"https://{name}")
    assert allowed(OriginGuard("::", f"https://{host}"), host, f"https://{host}")
    assert allowed(OriginGuard("::", None, [host]), host, f"https://{host}")
    assert allowed(OriginGuard("::", None, ["maps.lan"]), f"maps.lan{port}", f"https://maps.lan{port}")


def test_to_listen_on_localhost_by_name_lets_no_other_port_of_it_in() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        assert allowed(OriginGuard(host), "localhost:8081", "http://localhost:8081")
        assert not allowed(OriginGuard(host), "localhost:8081", "http://localhost:3000")


def test_behind_a_proxy_the_public_page_may_whatever_host_the_proxy_sends() -> None:
    for host in ("127.0.0.1:8081", "maps.example.org"):
        assert allowed(PROXIED, host, "https://maps.example.org")
        assert allowed(PROXIED, host, "https://MAPS.example.org:443")
        assert allowed(PROXIED, host, "https://pages.example.org")
        assert allowed(PROXIED, host, "https://other.example.org:8443")
        assert not allowed(PROXIED, host, "https://other.example.org")
        assert not allowed(PROXIED, "127.0.0.1:8081", "http://maps.example.org:8443")


def test_another_sites_request_without_an_origin_is_told_by_fetch_metadata() -> None:
    for site in ("cross-site", "same-site"):
        assert not allowed(LAPTOP, "localhost", fetch_site=site)
        assert allowed(LAPTOP, "localhost", fetch_site=site, navigation=True)
        assert allowed(PROXIED, "localhost", "https://maps.example.org", fetch_site=site)
    for site in ("same-origin", "none", None):
        assert allowed(LAPTOP, "localhost", fetch_site=site)


def test_links_begin_with_the_public_url_else_with_the_host() -> None:
    assert PROXIED.base_url("127.0.0.1:8081", "http") == "https://maps.example.org/live"
    assert LAPTOP.base_url("LocalHost:8081", "http") == "http://localhost:8081"
    assert LAPTOP.base_url("[::1]:8081", "https") == "https://[::1]:8081"


hosts = st.one_of(st.text(max_size=40), st.from_regex(r"[a-z0-9.\[\]:@/-]{0,30}", fullmatch=True))


@given(hosts, st.none() | hosts | hosts.map(lambda text: f"http://{text}"))
def test_garbage_raises_nothing_but_forbidden(host: str, origin: str | None) -> None:
    for origins in (LAPTOP, OPEN, PROXIED):
        allowed(origins, host, origin)


@given(hosts)
def test_what_is_allowed_is_loopback_or_was_told_and_its_link_is_whole(host: str) -> None:
    if allowed(LAPTOP, host):
        found = Authority.parse(host)
        assert found is not None and found.is_loopback
        assert LAPTOP.base_url(host, "http") == f"http://{found}" and not str(found).endswith("/")


@given(st.ip_addresses(), st.integers(0, 65535))
def test_an_address_is_allowed_beyond_loopback_and_its_own_page_with_it(address: object, port: int) -> None:
    host = f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
    assert allowed(OPEN, host)
    assert allowed(OPEN, host, f"http://{host}") and not allowed(OPEN, host, "http://evil.example")
