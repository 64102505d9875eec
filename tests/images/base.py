"""The image that ours is made from: pulled, or where that cannot be, made of Debian's packages."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.images.podman import podman

PYTHON = "docker.io/library/python:3.13-slim"
PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
SECONDS = 600.0


def have(image: str = PYTHON) -> str:
    """Have the image; return where it came from: it is there, was pulled, or was made."""
    if _exists(image):
        return "was there"
    try:
        podman("pull", "-q", image, seconds=SECONDS)
        return "pulled"
    except (RuntimeError, subprocess.TimeoutExpired):
        if shutil.which("mmdebstrap") is None:
            raise
    with tempfile.TemporaryDirectory(prefix="mapsrv-base-") as folder:
        tar = Path(folder) / "base.tar"
        words = ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(tar)]
        subprocess.run(words, check=True, capture_output=True, timeout=SECONDS)
        podman("import", str(tar), image, seconds=SECONDS)
    return "made of Debian's packages"


def _exists(image: str) -> bool:
    return subprocess.run(["podman", "image", "exists", image]).returncode == 0
