"""One PostgreSQL for all tests of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.stdio_servers import postgres as real


@pytest.fixture(scope="session")
def postgres() -> Iterator[real.Server]:
    programs = real.binaries()
    if programs is None:
        why = "no PostgreSQL: install Debian's postgresql to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with real.running(programs) as server:
        yield server
