"""A data folder whose server ends with the test, and a port that is free."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.ports import free_port
from tests.stdio.kit.host import end_server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder; the servers of its stdio processes begin with a port of their own."""
    monkeypatch.setenv("MAPSRV_PORT", str(free_port()))
    folder = tmp_path / "data"
    yield folder
    end_server(folder)
