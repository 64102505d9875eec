"""The images that ours are made from, or run beside: pulled, or else something in their place.

What stands in is made of Debian's packages and of PyPI's, by the files in standins/: enough to prove the
steps of a Dockerfile, and that what runs beside is reached. Which it was is printed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.images.podman import build, podman

PYTHON = "docker.io/library/python:3.13-slim"
PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
STANDINS = Path(__file__).with_name("standins")
SUITE = "trixie"  # which has the Python of our image
SECONDS = 600.0


def have(image: str) -> str:
    """Have the image; return where it came from: it is there, was pulled, or another stands in for it."""
    if _exists(image):
        return "is there"
    try:
        podman("pull", "-q", image, seconds=SECONDS)
        return "pulled"
    except (RuntimeError, subprocess.TimeoutExpired):
        return _debian(image) if image == PYTHON else _stand_in(image)


def _debian(image: str) -> str:
    if shutil.which("mmdebstrap") is None:
        raise SystemExit(f"{image} cannot be pulled, and there is no mmdebstrap to make something like it.")
    with tempfile.TemporaryDirectory(prefix="mapsrv-base-") as folder:
        tar = Path(folder) / "base.tar"
        words = ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(tar)]
        subprocess.run(words, check=True, capture_output=True, timeout=SECONDS)
        podman("import", str(tar), image, seconds=SECONDS)
    return "made of Debian's packages"


def _stand_in(image: str) -> str:
    have(PYTHON)
    name = image.rpartition("/")[2].partition(":")[0]
    file = STANDINS / f"{name}.Dockerfile"
    build(image, str(file), folder=str(STANDINS))
    return f"cannot be pulled; {file.name} stands in"


def _exists(image: str) -> bool:
    return subprocess.run(["podman", "image", "exists", image]).returncode == 0
