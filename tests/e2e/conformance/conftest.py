"""One server for all of these tests: each that draws makes its own map, and the suite changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.kit.server import Server, running


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server
