"""Free ports for the servers that tests start, each given once.

They are none that Linux gives to clients: one who connects to a dead server's port could be given that
very port, and hold it. Tests that run side by side (pytest -n) draw from different ones, since a port
stays free until its server has started, and while it is started anew.
"""

from __future__ import annotations

import itertools
import os
import random
import socket

SIDE_BY_SIDE = 8  # workers that never get the same port
FIRST, LAST = 18_000, 32_000  # Linux gives clients 32768 and up

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SIDE_BY_SIDE
_own = range(FIRST + _worker, LAST, SIDE_BY_SIDE)
_ports = itertools.cycle(random.sample(_own, len(_own)))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    return next(filter(_free, _ports))


def _free(port: int) -> bool:
    with socket.socket() as found:
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
