"""flake8-async on what is asynchronous: `python -m tests.pitfalls FOLDER...`.

It takes 2 ms a line whatever stands there, and more than half of the files have nothing for it to look at.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ASYNCHRONOUS = re.compile(r"async|await|trio|anyio")


def main() -> int:
    """Return flake8's exit code."""
    files = sorted(path for folder in sys.argv[1:] for path in Path(folder).rglob("*.py"))
    ours = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    chosen = [str(path) for path in ours if ASYNCHRONOUS.search(path.read_text(encoding="utf-8"))]
    command = [sys.executable, "-m", "flake8", *chosen]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
