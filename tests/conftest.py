"""What all tests share: one PostgreSQL for a run, Node programs, and laws that no clock judges."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.kit import node
from tests.kit.inspector import Inspector
from tests.stdio_servers.kit import postgres as real

settings.register_profile("house", deadline=None)  # a busy machine is no fault of an example
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[real.Server]:
    programs = real.binaries()
    if programs is None:
        why = "no PostgreSQL: install Debian's postgresql to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with real.running(programs) as server:
        yield server


@pytest.fixture
def node_home(tmp_path: Path) -> Path:
    """Where a Node program may write; the programs are there then."""
    node.installed()
    return tmp_path


@pytest.fixture
def inspector(node_home: Path) -> Inspector:
    return Inspector(node_home)
