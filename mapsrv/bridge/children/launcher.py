"""By which words a program becomes a child that dies with the bridge and keeps its bounds.

util-linux' setpriv and prlimit do it in a millisecond or two; where they are not there, launch.py does
in twenty. A bridge that is killed in that millisecond has its child see the end of its stdin.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LAUNCH = str(Path(__file__).with_name("launch.py"))
TRY_SECONDS = 5.0

# prlimit's options for the names that RLIMIT_ has.
_OPTIONS = {"AS": "--as", "CPU": "--cpu", "NOFILE": "--nofile"}


def launcher(limits: Mapping[str, int]) -> list[str]:
    """Return the words that go before a command; `limits` are rlimits: {"NOFILE": 256}."""
    setpriv, prlimit = _tools()
    if setpriv is None or (limits and prlimit is None):
        return [sys.executable, "-I", "-S", LAUNCH, str(os.getpid()), json.dumps(dict(limits))]
    bounds = [f"{_OPTIONS[name]}={value}:{value}" for name, value in limits.items()]
    return [setpriv, "--pdeathsig", "KILL", "--", *([prlimit, *bounds] if prlimit and bounds else [])]


@cache
def _tools() -> tuple[str | None, str | None]:
    """Return where setpriv and prlimit are; others than util-linux' may not know what is needed."""
    setpriv, prlimit = shutil.which("setpriv"), shutil.which("prlimit")
    if setpriv is None or not _works(setpriv, "--pdeathsig", "KILL", "--", "true"):
        return None, None
    if prlimit is None or not _works(prlimit, "--nofile=64:64", "true"):
        return setpriv, None
    return setpriv, prlimit


def _works(*words: str) -> bool:
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=TRY_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    return True
