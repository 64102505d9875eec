"""What is counted, and from when until when: calls while all users are connected, for so many seconds.

Each time is kept as it was, since locust's own statistics round to two digits. What fails counts from the
first user on; what users leave unanswered at the end does not.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import gevent

CONNECT = "connect "  # names that begin so count from the first user on
EXAMPLES = 10  # errors that are told


class Window:
    """The times of one run, in ms by name. `folder` gets begun and counted.json."""

    def __init__(self, users: int, seconds: float, folder: Path, leave: Callable[[], object]) -> None:
        self._left, self._seconds, self._folder, self._leave = users, seconds, folder, leave
        self._begun, self._over = 0.0, False
        self._times: defaultdict[str, list[float]] = defaultdict(list)
        self._failed: Counter[str] = Counter()
        self._examples: list[str] = []

    def count(
        self, name: str, response_time: float, exception: BaseException | None, **_more: object
    ) -> None:
        """Count one request, as locust tells of it."""
        if self._over:
            return
        if exception is not None:
            self._failed[name] += 1
            if len(self._examples) < EXAMPLES:
                self._examples.append(f"{name}: {exception!r}"[:300])
        elif self._begun or name.startswith(CONNECT):
            self._times[name].append(response_time)

    def tried(self) -> None:
        """Note that one more user is connected, or cannot be: with the last the calls begin to count."""
        self._left -= 1
        if self._left == 0:
            self._begun = time.perf_counter()
            (self._folder / "begun").touch()
            gevent.spawn_later(self._seconds, self._end)

    def _end(self) -> None:
        """Count no more, write what was counted, and have all leave."""
        self._over = True
        told = {
            "seconds": time.perf_counter() - self._begun,
            "times": self._times,
            "failed": self._failed,
            "examples": self._examples,
        }
        (self._folder / "counted.json").write_text(json.dumps(told))
        self._leave()
