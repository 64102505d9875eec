"""The ground's tiles: out of one file, by plain addresses, kept for ever under their build's version."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mapsrv.errors import StartupError
from mapsrv.web.tiles import Tiles
from tests.web.kit.asgi import Client
from tests.web.kit.tiles import VERSION, packed


async def test_a_tile_is_answered_to_any_site_and_kept_for_ever(client: Client) -> None:
    answer = await client.get(f"/basemap/{VERSION}/0/0/0.pbf", accept_encoding="gzip, br")
    assert gzip.decompress(answer.body) == b"land" and answer.header("content-encoding") == "gzip"
    assert answer.header("access-control-allow-origin") == "*" and answer.header("vary") == "accept-encoding"
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    assert answer.header("content-type") == "application/x-protobuf"


async def test_who_takes_no_gzip_gets_it_plain(client: Client) -> None:
    for takes in ({}, {"accept_encoding": "identity"}, {"accept_encoding": "gzip;q=0"}):
        answer = await client.get(f"/basemap/{VERSION}/1/1/0.pbf", **takes)
        assert answer.body == b"sea" and answer.header("content-encoding") is None


async def test_a_tile_with_nothing_in_it_is_empty(client: Client) -> None:
    answer = await client.get(f"/basemap/{VERSION}/1/0/0.pbf", accept_encoding="gzip")
    assert (answer.status, answer.body, answer.header("content-encoding")) == (200, b"", None)


async def test_a_page_of_another_build_gets_its_tiles_and_asks_again(client: Client) -> None:
    answer = await client.get("/basemap/older/1/1/1.pbf")
    assert answer.body == b"east" and answer.header("cache-control") == "no-cache"
    again = await client.get("/basemap/older/1/1/1.pbf", if_none_match=answer.header("etag") or "")
    assert again.status == 304


@pytest.mark.parametrize(
    "name", ["0/0/1.pbf", "2/0/0.pbf", "1/2/0.pbf", "1/0/-1.pbf", "0/0/0", "a/0/0.pbf", "99999/0/0.pbf"]
)
async def test_what_is_no_tile_is_not_found(client: Client, name: str) -> None:
    assert (await client.get(f"/basemap/{VERSION}/{name}")).code == "not_found"


async def test_a_style_names_the_tiles_of_this_build_and_may_be_dark(client: Client, session: str) -> None:
    light, dark = [
        (await client.get(f"/style.json?session={session}{more}")).json for more in ("", "&scheme=dark")
    ]
    (source,) = light["sources"].values()
    assert source["tiles"] == [f"http://localhost:8081/basemap/{VERSION}/{{z}}/{{x}}/{{y}}.pbf"]
    assert light["layers"][0]["paint"] != dark["layers"][0]["paint"]
    assert (await client.get(f"/style.json?session={session}&scheme=blue")).code == "bad_request"


async def test_what_is_compressed_beside_a_file_goes_to_who_takes_it(client: Client) -> None:
    for takes, body, encoding in (
        ("gzip, br", b"as br", "br"),
        ("gzip", b"as gzip", "gzip"),
        ("br;q=0, *", b"as gzip", "gzip"),
        ("identity", b"go()", None),
    ):
        answer = await client.get("/assets/index-abc.js", accept_encoding=takes)
        assert (answer.body, answer.header("content-encoding")) == (body, encoding)
        assert answer.header("vary") == "accept-encoding"
        again = await client.get(
            "/assets/index-abc.js", accept_encoding=takes, if_none_match=answer.header("etag") or ""
        )
        assert again.status == 304


def test_a_page_without_tiles_has_none(tmp_path: Path) -> None:
    assert Tiles(tmp_path).tile(0, 0, 0) is None and Tiles(tmp_path).version == ""


@pytest.mark.parametrize(
    "torn",
    [packed([b"a"], 1)[:-1], b"GRND" + bytes(12), b"PNGS" + packed([b"a"], 1)[4:]],
    ids=["cut off", "without zooms", "of another kind"],
)
def test_torn_tiles_are_told_at_the_start(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "ground-a.tiles").write_bytes(torn)
    with pytest.raises(StartupError, match="torn"):
        Tiles(tmp_path)
