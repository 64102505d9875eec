"""What is sent here is wrong or hostile: a server whose log stays clean, and a map that stays as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.kit.refusals import quiet, unchanged
from tests.e2e.kit.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with quiet(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def session(server: Server) -> Iterator[str]:
    with unchanged(server) as session_id:
        yield session_id
