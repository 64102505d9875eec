"""Real stdio servers: npm's and PyPI's packages, as the containers' own files and this folder's name them.

They are installed when they are first asked for, into folders that git ignores, and again when a file
changes. Node comes from PyPI too. After that the tests need no network.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit import node, venvs

HERE = Path(__file__).resolve().parent
NPM = HERE / "npm"
DEPLOY = HERE.parents[3] / "deploy" / "bridge"
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
    """Install if needed, once a run, as the Dockerfile does; return what went wrong."""
    if (python := interpreter(at_least)) is None:
        return f"{name} needs Python {'.'.join(map(str, at_least))} or newer on this machine"
    return venvs.problem(python, DEPLOY / "pypi" / name, _folder(name))


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
