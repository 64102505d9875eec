"""What the build keeps of GeoNames: which names, which cities are parts, how far a country's view goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from tests.test_docs import ROOT


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The build's own code, which no wheel has."""
    monkeypatch.syspath_prepend(str(ROOT))
    yield import_module


def city(
    name: str, population: int = 600_000, code: str = "CH", region: str = "BE", **more: Any
) -> dict[str, Any]:
    told = {"name": name, "countrycode": code, "admin1code": region, "population": population, "geonameid": 1}
    return {**told, "longitude": 7.4, "latitude": 46.9, "alternatenames": [], **more}


def columns_of(cut: Any, *cities: dict[str, Any]) -> dict[str, bytes]:
    texts: dict[str, bytes] = cut("cut_places.cities").columns_of(list(cities))[0]
    return texts


def test_other_names_are_kept_of_those_that_are_looked_for(cut: Any) -> None:
    others = ["Berne", "Berna", "BRN", "byrn", "bɛrn", "Берн", "伯", "B"]
    large, middle, small = (
        city("Bern", people, alternatenames=others) for people in (600_000, 20_000, 9_000)
    )
    assert columns_of(cut, large, middle, small)["searched"].decode().split("\n") == [
        "|bern|berne|berna|берн|伯|",
        "|bern|berne|berna|",
        "|bern|",
    ]


def test_parts_of_cities_are_known_as_such(cut: Any) -> None:
    cities = [
        (city("London", 9_000_000, "GB", "ENG", longitude=-0.126, latitude=51.509), 0),
        (city("Berlin", 3_400_000, "DE", "16"), 0),
        (city("Brooklyn", 2_700_000, "US", "NY"), 1),
        (city("Brooklyn", 11_000, "US", "OH"), 0),
        (city("Islington", 300_000, "GB", "ENG", longitude=-0.1, latitude=51.54), 1),
        (city("Watford", 130_000, "GB", "ENG", longitude=-0.4, latitude=51.66), 0),
        (city("Mitte", 100_000, "DE", "16"), 1),
        (city("Zürich (Kreis 11)", 54_000, "CH", "ZH"), 1),
        (city("Paris 15 Vaugirard", 220_000, "FR", "11"), 1),
    ]
    texts = columns_of(cut, *(each for each, _ in cities))
    assert list(texts["parts"]) == [part for _, part in cities]
    assert [texts["regions"][2 * row : 2 * row + 2] for row in (1, 2, 3)] == [b"  ", b"NY", b"OH"]


def square(west: float, south: float, size: float) -> Any:
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def test_the_view_of_a_country_leaves_out_what_is_small_and_far(cut: Any) -> None:
    bounds = cut("cut_places.geometry").bounds
    main, isle, chain, colony, half = (
        square(0, 0, 10), square(12, 0, 1), square(15, 0, 1), square(-60, 0, 2), square(30, 0, 6)
    )  # fmt: skip
    assert bounds({"type": "Polygon", "coordinates": main}) == [0, 0, 10, 10]
    islands = {"type": "MultiPolygon", "coordinates": [colony, isle, main, chain]}
    assert bounds(islands) == [0, 0, 16, 10]
    assert bounds({"type": "MultiPolygon", "coordinates": [main, half]}) == [0, 0, 36, 10]
    across = {"type": "MultiPolygon", "coordinates": [square(170, 50, 10), square(-180, 60, 2)]}
    assert bounds(across) == [170, 50, -178, 62]
    assert cut("cut_places.geometry").middle(main[0]) == [5, 5]


def test_it_cuts_with_the_standard_library_alone() -> None:
    """A wheel is built where none of what mapsrv runs with is installed."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import cut_places.cut"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
