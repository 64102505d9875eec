"""Where locust is: in a virtual environment of its own, since gevent patches what Trio stands on."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from tests.kit import venvs

HERE = Path(__file__).resolve().parent
FOLDER = HERE / ".venv" / "locust"
LOCUSTFILE = HERE / "users" / "locustfile.py"


@functools.cache
def problem() -> str | None:
    """Install what requirements.txt names, if needed, once a run; return what went wrong."""
    return venvs.problem(sys.executable, HERE / "requirements.txt", FOLDER)


def words() -> list[str]:
    """Return how to run locust with the users of this folder."""
    return [str(FOLDER / "bin" / "python"), "-I", "-m", "locust", "-f", str(LOCUSTFILE)]
