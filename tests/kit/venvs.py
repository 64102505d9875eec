"""Virtual environments beside that of the tests, for programs whose packages must not be in it.

They lie in folders that git ignores, are made when they are first asked for, and again when their file
changes. After that they need no network.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

PIP_SECONDS = 170  # less than the watchdog of all tests, so that what pip said is not lost


def problem(python: str, requirements: Path, folder: Path) -> str | None:
    """Have a virtual environment of this Python with what a file names, all of it; return what went wrong."""
    done = folder / ".installed"
    wanted = python + hashlib.sha256(requirements.read_bytes()).hexdigest()
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests installs to the same folder
        if done.exists() and done.read_text() == wanted:
            return None
        shutil.rmtree(folder, ignore_errors=True)
        if (wrong := _install(python, requirements, folder)) is None:
            done.write_text(wanted)
        return wrong


def _install(python: str, requirements: Path, folder: Path) -> str | None:
    """Do it; return what went wrong."""
    # -I: a PYTHONPATH of ours would have pip think that what it finds there is installed.
    pip = [str(folder / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet", "--no-deps"]
    for words in ([python, "-I", "-m", "venv", str(folder)], [*pip, "-r", str(requirements)]):
        try:
            ran = subprocess.run(words, capture_output=True, text=True, timeout=PIP_SECONDS)
        except subprocess.TimeoutExpired:
            return f"{requirements.name} took more than {PIP_SECONDS} s to install"
        if ran.returncode:
            return f"{requirements.name} could not be installed: {ran.stderr[-500:]}"
    return None
