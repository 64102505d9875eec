"""What is logged goes to stderr: stdout belongs to protocols and people."""

from __future__ import annotations

import logging
import sys


def log_to_stderr(level: str) -> None:
    """Have mapsrv's log lines on stderr, one line an event (a bug brings its traceback).

    The handler is the root logger's: the MCP SDK logs there, which would else add one of its own.
    """
    logging.getLogger("mapsrv").setLevel(level.upper())
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        root.addHandler(handler)
