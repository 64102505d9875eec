"""What the tests of deploy/ share: somebody's own copy of the example."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.deploy.kit.kustomize import K8S

PASSWORDS = "password=abc123\nsentinel=def456\n"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of the example, with passwords, beside the base: as its first lines say."""
    shutil.copytree(K8S, tmp_path / "k8s")
    shutil.copytree(K8S / "example", tmp_path / "k8s" / "mine")
    (tmp_path / "k8s" / "mine" / "redis.env").write_text(PASSWORDS)
    return tmp_path / "k8s" / "mine"
