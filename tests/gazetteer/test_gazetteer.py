"""The gazetteer in a server: read once, in a thread, at its first use; and a server without its file."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest
import trio

from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer import gazetteer
from mapsrv.gazetteer.columns import packed
from mapsrv.gazetteer.gazetteer import DATA, NOWHERE, Gazetteer
from mapsrv.gazetteer.places import Places
from mapsrv.gazetteer.turns import ITEMS, in_turns
from mapsrv.wire.builtin import parse_builtin
from mapsrv.wire.tools.requests import FindPlaces

MAX_FILES = 6_000_000  # bytes of all that the wheel has of places


async def test_it_is_read_once_and_by_no_thread_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Noted(Places):
        def __init__(self, file: bytes) -> None:
            read.append(threading.get_ident())
            super().__init__(file)

    monkeypatch.setattr(gazetteer, "Places", Noted)
    known = Gazetteer()
    assert read == []  # nothing before somebody asks
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(known.near, (7.4474, 46.975))
    assert await known.near((7.4474, 46.975)) == "3 km N of Bern, Switzerland"
    assert (await known.find(FindPlaces("Bern")))["places"][0]["name"] == "Bern"
    assert b"Bern" in await known.document(parse_builtin("builtin:cities?country=CH"))
    assert len(read) == 1 and read[0] != threading.get_ident()


async def test_a_server_without_its_file_says_so_and_fails_at_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "places.bin").write_bytes(b"no such file")
    (tmp_path / "newer").mkdir()
    empty = {name: b"" for name in ("names", "searched", "codes", "regions", "parts")}
    body = packed({}, empty, {name: [] for name in ("lngs", "lats", "people", "ids")})
    (tmp_path / "newer" / "places.bin").write_bytes(body)  # without what Places needs
    for known in (
        Gazetteer(tmp_path),
        Gazetteer(tmp_path / "broken"),
        Gazetteer(tmp_path / "newer"),
        NOWHERE,
    ):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert await known.near((0, 0)) is None
            assert await known.near((0, 0)) is None
            with pytest.raises(InvalidArgument, match="knows no places"):
                await known.find(FindPlaces("Bern"))
            with pytest.raises(InvalidArgument, match="knows no places"):
                await known.document(parse_builtin("builtin:countries"))
        assert len(caplog.records) == (known is not NOWHERE)  # told once


def test_a_long_loop_rests_and_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    assert list(in_turns(range(2 * ITEMS + 1))) == list(range(2 * ITEMS + 1))
    assert len(rests) == 2


def test_what_the_wheel_has_of_places_is_small() -> None:
    assert 0 < sum(file.stat().st_size for file in DATA.iterdir()) < MAX_FILES
