"""Real stdio servers: npm's and PyPI's packages, as the containers' own files and this folder's name them.

They are installed when they are first asked for, into folders that git ignores, and again when a file
changes. Node comes from PyPI too. After that the tests need no network.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit import node

HERE = Path(__file__).resolve().parent
NPM = HERE / "npm"
DEPLOY = HERE.parents[3] / "deploy" / "bridge"
PIP_SECONDS = 170  # less than the watchdog of all tests, so that what pip said is not lost
POSTGRES_MCP_NEEDS = (3, 12)


def npm(folder: Path) -> tuple[Path, Path]:
    """Return the folders of programs that make an npm folder's servers run: theirs and Node's."""
    if (wrong := node.problem(folder)) is not None:
        _without(f"npm could not install what package-lock.json names: {wrong}")
    return folder / "node_modules" / ".bin", Path(node.node()).parent


def pypi(requirements: str, *, at_least: tuple[int, int] = (3, 11)) -> tuple[Path]:
    """Return the folder of programs of a virtual environment that has what a container's file names."""
    if (wrong := problem(requirements, at_least)) is not None:
        _without(wrong)
    return (_folder(requirements) / "bin",)


def _folder(requirements: str) -> Path:
    return HERE / ".venv" / requirements.removesuffix(".txt")


def _without(why: str) -> None:
    pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@functools.cache
def problem(name: str, at_least: tuple[int, int]) -> str | None:
    """Install if needed, once a run; return what went wrong."""
    requirements, folder = DEPLOY / "pypi" / name, _folder(name)
    if (python := interpreter(at_least)) is None:
        return f"{requirements.name} needs Python {'.'.join(map(str, at_least))} or newer on this machine"
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
    """Do what the Dockerfile does; return what went wrong."""
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


def interpreter(at_least: tuple[int, int]) -> str | None:
    """Return a Python that is new enough: the running one if it is, else the oldest that is found."""
    if sys.version_info[:2] >= at_least:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(at_least[1], at_least[1] + 4)]
    # pyenv puts a program on the PATH for each version that it has, and only those of the chosen one run.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for name in names:
        for program in (
            shutil.which(name),
            *sorted(pyenv.glob(f"{name.removeprefix('python')}*/bin/{name}")),
        ):
            if program and subprocess.run([program, "-c", ""], capture_output=True).returncode == 0:
                return str(program)
    return None
