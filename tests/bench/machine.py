"""What the numbers depend on, read from Linux's /proc: the machine, and what one process used of it."""

from __future__ import annotations

import os
import platform
import resource
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MAX_FILES = 20_000  # descriptors; a viewer is one here and one in the server
TICKS = os.sysconf("SC_CLK_TCK")  # a second, in which /proc counts CPU
OURS = ("trio", "hypercorn", "quart", "mcp")
RIVALS = ("starlette", "uvicorn", "sse-starlette", "uvloop", "httptools")


def raise_file_limit() -> int:
    """Let this process, and those it starts, open as many files as the system lets it; return how many."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process so far, its threads' too, not its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def description() -> dict[str, str]:
    """Return what a reader of the numbers must know."""
    return {
        "cpu": f"{_cpu_model()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in (*OURS, *RIVALS)),
        "load": f"{os.getloadavg()[0]:.1f} before the run",
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
