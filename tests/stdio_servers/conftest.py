"""A new database for each test."""

from __future__ import annotations

from itertools import count

import pytest

from tests.stdio_servers.kit import postgres as real

_numbers = count()


@pytest.fixture
def database(postgres: real.Server) -> str:
    """The name of an empty database."""
    name = f"test{next(_numbers)}"
    postgres.do(f"CREATE DATABASE {name}")
    return name
