"""A source at a route of ours is found in every spelling that a browser takes; what is beside us is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.core.commands import AddLayer, SetTitle
from mapsrv.errors import InvalidArgument
from mapsrv.prepare.refused_addresses import ADDRESSES, NO_ROUTES, OwnRoutes
from mapsrv.wire.calls import parse_call
from mapsrv.wire.source_fields import FIELDS

ROUTES = tuple("/ /assets/<name> /basemap/<name> /events /state /data /data/<name> /ready /mcp".split())
LOCAL = "http://localhost:8081"
LINES = [{"type": "line", "source-layer": "a"}]
NAME = "0" * 64


def own(host: str = "127.0.0.1", public: str | None = None, *allowed: str, port: int = 8081) -> OwnRoutes:
    return OwnRoutes(OriginGuard(host, public, allowed, port=port), ROUTES)


HOSTS = """
    localhost LOCALHOST LocalHost. localhost. a.localhost %6cocalhost %6C%6Fcalhost ｌｏｃａｌｈｏｓｔ ⓛocalhost
    lo%C2%ADcalhost 127.0.0.1 127.0.0.1. 127.1 127.0.1 127.9.8.7 0x7f.1 0X7F.0.0.1 0x7f000001 0177.0.0.1
    0177.1 017700000001 2130706433 127%2e1 127。0。0。1 １２７.1 0.0.0.0 0 0x [::1] [0:0::1]
    [::ffff:127.0.0.1] [::FFFF:7f00:1] [::] me@localhost me:secret@127.1 a@b@localhost
    """.split()


@pytest.mark.parametrize("host", HOSTS)
def test_this_machine_is_ours_however_it_is_spelled(host: str) -> None:
    for start in "http:// HTTP:// https:// pmtiles://http:// http:\\\\ http:/ http://// http:".split():
        assert own().has(f"{start}{host}:8081/events", LOCAL)


PATHS = r"""
    /events /events?session=x /events#x /%65vents /%65%76ents /%2565vents //events ///events /./events
    /%2e/events /x/../events /x/%2e%2e/events /x/.%2E/events /x/y/../../events /../events \events
    /x\..\events /events/ /events/. /data/../events /data/x/../../events /basemap/../events /data /data/
    /state / /assets/index.js /ready /mcp/ /ev{ratio}ents?{z} /ev{quadkey}ents?{z} /{z}/../events
    /r{prefix}dy?{z} /ev{qua{ratio}dkey}ents /%{z}5vents /%6{z}vents /events?{z}/{x}/{y} /events%2F
    """.split()


@pytest.mark.parametrize("path", [*PATHS, ""])
def test_our_routes_are_ours_however_they_are_spelled(path: str) -> None:
    assert own().has(LOCAL + path, LOCAL)


BESIDE = f"""
    http://localhost:8081/data/{NAME} http://localhost:8081/basemap/land.geojson
    http://localhost:8081/x/../data/{NAME} http://localhost:8081/tiles/{{z}}/{{x}}/{{y}}.png
    http://localhost:8081/{{z}}/{{x}}/{{y}}.png http://localhost:8081/tiles.json
    http://localhost:8081/eventsx http://localhost:8081/x/events http://localhost:8081/tiles/events
    http://localhost:8081/{{quadkey}}.png http://localhost:8081/r{{prefix}}ly?{{z}}
    http://localhost:9000/events http://localhost/events http://example.org:8081/events
    http://localhost.org:8081/events http://127.0.0.1.example.org:8081/events
    http://128.0.0.1:8081/events http://127.0.0.256:8081/events http://1.2.3.4.5:8081/events
    http://0x7f.0x1000000:8081/events http://08.1:8081/events http://[::2]:8081/events
    http://[x]:8081/events http://[::1:8081/events http://localhost:99999/events
    http://localhost:8x/events http://:8081/events data/{NAME} events file:/events
    ftp://localhost:8081/events https://example.org/localhost:8081/events
    http://localhost:8081@example.org/events
    """.split()


@pytest.mark.parametrize("address", BESIDE)
def test_what_stands_beside_us_is_not_ours(address: str) -> None:
    assert not own().has(address, LOCAL)


def test_a_host_that_only_the_browser_completes_may_be_ours() -> None:
    for host in ("127.0.0.{z}:8081", "localhost:808{x}", "local{ratio}host:8081", "{prefix}.example.org"):
        assert own().has(f"http://{host}/events?{{z}}", LOCAL)
        assert not own().has(f"http://{host}/{{z}}/{{x}}/{{y}}", LOCAL)


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("https://maps.example.org/team/events", True),
        ("http://maps.example.org/team/events", True),  # which is sent on to https
        ("https://maps.example.org/team", True),
        ("https://maps.example.org/team/", True),
        ("https://MAPS.example.org./team/x/../events", True),
        ("https://maps.example.org/team/data/x", False),
        ("https://maps.example.org/events", False),  # another program's: ours are under the prefix
        ("https://maps.example.org/teams/events", False),
        ("https://maps.example.org/team/../events", False),
        ("https://maps.example.org:8081/events", True),  # past the proxy
        ("https://maps.example.org:9000/team/events", False),
        ("http://localhost:8081/events", True),
        ("http://localhost:8081/team/events", True),
    ],
)
def test_behind_a_proxy_ours_is_what_is_under_its_prefix(address: str, ours: bool) -> None:
    public = "https://maps.example.org/team/"
    assert own("127.0.0.1", public).has(address, public.rstrip("/")) is ours


@pytest.mark.parametrize(
    ("routes", "base_url", "address", "ours"),
    [
        (own("0.0.0.0"), "http://10.1.2.3:8081", "http://10.9.9.9:8081/events", True),
        (own("0.0.0.0"), "http://10.1.2.3:8081", "http://10.9.9.9:80/events", False),
        (own("0.0.0.0"), "http://10.1.2.3", "http://10.1.2.3/events", True),  # a proxy that says nothing
        (own("0.0.0.0"), "http://10.1.2.3", "https://10.1.2.3/events", True),
        (own("0.0.0.0"), "http://10.1.2.3:90", "http://10.1.2.3:90/events", True),
        (own("127.0.0.1"), LOCAL, "http://10.1.2.3:8081/events", False),
        (own("127.0.0.1", None, "maps.lan"), LOCAL, "http://maps.lan/events", True),
        (own("127.0.0.1", None, "maps.lan"), LOCAL, "https://maps.lan:4433/events", True),
        (own("127.0.0.1", None, "maps.lan:90"), LOCAL, "http://maps.lan:90/events", True),
        (own("127.0.0.1", None, "maps.lan:90"), LOCAL, "http://maps.lan:91/events", False),
        (own("127.0.0.1", "http://maps.lan:90"), "http://maps.lan:90", "http://maps.lan:90/events", True),
        (own("127.0.0.1", "http://maps.lan:90"), "http://maps.lan:90", "http://maps.lan/events", False),
        (own("maps.lan"), LOCAL, "http://maps.lan:8081/events", True),
        (NO_ROUTES, LOCAL, "http://localhost:8081/events", False),
    ],
)
def test_a_name_is_ours_by_any_of_the_ways_to_give_it(
    routes: OwnRoutes, base_url: str, address: str, ours: bool
) -> None:
    assert routes.has(address, base_url) is ours


LOOPBACK = st.integers(0x7F000000, 0x7FFFFFFF)


def spelled(number: int, parts: int, bases: list[str]) -> str:
    """Return an IPv4 address in so many parts, each in a base of its own."""
    heads = [number >> 8 * (3 - at) & 255 for at in range(parts - 1)]
    values = [*heads, number & 256 ** (5 - parts) - 1]
    return ".".join(base.format(value) for base, value in zip(bases, values))


BASES = st.lists(st.sampled_from(["{}", "0x{:x}", "0X{:04X}", "0{:o}"]), min_size=4, max_size=4)


@given(LOOPBACK, st.integers(1, 4), BASES)
def test_every_spelling_of_every_loopback_address_is_ours(number: int, parts: int, bases: list[str]) -> None:
    assert own().has(f"http://{spelled(number, parts, bases)}:8081/events", LOCAL)


@given(st.text(max_size=40), st.sampled_from(["http://", "http://localhost:8081/", "pmtiles://", "http://["]))
def test_nothing_that_is_sent_raises(text: str, start: str) -> None:
    assert own().has(start + text, LOCAL) in (True, False)


# --- of whole calls -----------------------------------------------------------------------


def check(source: Any, **rest: Any) -> None:
    own().check(parse_call("add_layer", {"id": "a", "source": source, **rest}).request, LOCAL)


ADDED: list[dict[str, Any]] = [
    {"source": f"{LOCAL}/events?x=.geojson", "type": "geojson"},
    {"source": {"type": "geojson", "data": f"{LOCAL}/events"}},
    {"source": {"type": "vector", "url": f"{LOCAL}/state"}, "layers": LINES},
    {"source": {"type": "raster", "tiles": ["https://e.org/{z}/{x}/{y}.png", f"{LOCAL}/events?{{z}}"]}},
    {"source": f"pmtiles://{LOCAL}/events", "type": "raster"},
    {"source": {"type": "raster-dem", "tiles": [f"{LOCAL}/events?{{z}}/{{x}}/{{y}}"]}},
]


@pytest.mark.parametrize("arguments", ADDED)
def test_a_layer_of_our_own_routes_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="an address of this map server itself"):
        check(**arguments)


RELATIVE = ["/events", "events", "//localhost:8081/events", "./events", "?session=x", "http:events"]


@pytest.mark.parametrize("text", RELATIVE)
def test_an_address_that_says_no_host_is_refused_before(text: str) -> None:
    with pytest.raises(InvalidArgument):
        check({"type": "vector", "url": text}, layers=[{"type": "line", "source-layer": "a"}])


def test_other_layers_and_other_commands_pass() -> None:
    check({"type": "Point", "coordinates": [1, 2]})
    check(f"data/{NAME}")
    check({"type": "raster", "tiles": [f"{LOCAL}/tiles/{{z}}/{{x}}/{{y}}.png"]})
    own().check(SetTitle(f"{LOCAL}/events"), LOCAL)
    own().check(AddLayer("a", {}, None), LOCAL)


def test_every_key_of_a_source_that_takes_an_address_is_looked_at() -> None:
    address = "https://example.org/{z}"
    for fields in FIELDS.values():
        for key, take in fields.items():
            for value in (address, [address]):
                try:
                    taken = take(value, key)
                except InvalidArgument:
                    continue
                texts = key in ("attribution", "promoteId", "filter")
                assert texts or (key in ADDRESSES and taken == value), key
