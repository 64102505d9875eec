"""The places as the build has cut them: what a server reads."""

from __future__ import annotations

import pytest

from mapsrv.gazetteer.gazetteer import DATA
from mapsrv.gazetteer.nearest import Grid
from mapsrv.gazetteer.places import Places


@pytest.fixture(scope="session")
def places() -> Places:
    return Places((DATA / "places.bin").read_bytes())


@pytest.fixture(scope="session")
def grid(places: Places) -> Grid:
    return Grid(places)
