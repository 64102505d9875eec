"""A child's command line, and the process it becomes: it leads a group of its own, which is what is ended.

Popen is called here, in the main thread, since PR_SET_PDEATHSIG is tied to the thread that starts the
process, and Trio's own open_process() uses threads that come and go.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mapsrv.bridge.children.launcher import launcher


@dataclass(frozen=True, slots=True)
class Command:
    """How a child is started. `env` is all of its environment; `limits` are rlimits: {"NOFILE": 256}."""

    name: str  # of the server, for people
    words: Sequence[str]
    env: Mapping[str, str]
    cwd: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    tell_stderr: bool = False  # its last line to clients, when it has ended

    def start(self) -> subprocess.Popen[bytes]:
        """Return the process. Raises OSError."""
        return subprocess.Popen(
            [*launcher(self.limits), *self.words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(self.env),
            cwd=self.cwd,
            process_group=0,
        )
