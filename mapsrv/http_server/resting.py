"""The connections that wait for a request: who does so for too long is ended, by one sweep a second for all.

A timer for each would cost a cancel scope or a task; here each is a line in a dictionary. They stand in the
order in which they began to rest, which is the order in which their time is up, so a sweep looks only at
those that it ends, and one more. Ending is shutting the socket down under its own task, which then reads
the end as if the peer had ended it.
"""

from __future__ import annotations

from itertools import islice
from typing import Protocol

import trio

SWEEP_SECONDS = 1.0


class Rests(Protocol):
    """What can rest."""

    def shut_down(self) -> None:
        """End it, though its task waits."""
        ...


class Resting:
    """Each may rest for so many seconds, and one sweep longer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[Rests, float] = {}
        self._some = trio.Event()

    def __len__(self) -> int:
        return len(self._since)

    def add(self, one: Rests) -> None:
        """It rests from now on."""
        if not self._since:
            self._some.set()
        self._since[one] = trio.current_time()

    def discard(self, one: Rests) -> None:
        """It does not rest any more."""
        self._since.pop(one, None)

    def end_all(self) -> None:
        """End all that rest now."""
        for one in list(self._since):
            one.shut_down()

    def end_oldest(self, count: int) -> None:
        """End those that rest longest, at most so many."""
        for one in list(islice(self._since, count)):
            del self._since[one]
            one.shut_down()

    async def sweep(self) -> None:
        """End those whose time is up, for ever. While none rests it sleeps."""
        while True:
            if not self._since:
                self._some = trio.Event()
                await self._some.wait()
            await trio.sleep(SWEEP_SECONDS)
            self._end_overdue(trio.current_time() - self._seconds)

    def _end_overdue(self, before: float) -> None:
        while self._since and next(iter(self._since.values())) <= before:
            one = next(iter(self._since))
            del self._since[one]
            one.shut_down()
