"""What Hypercorn's protocols ask of the worker they run in: time, events, and whether it stops.

Hypercorn has the same for Trio, in a package that takes long to import.
"""

from __future__ import annotations

from typing import Any

import trio
from hypercorn.typing import Event, SingleTask


class Flag:
    """A trio.Event that can be cleared, and whose functions are all awaited."""

    def __init__(self) -> None:
        self._event = trio.Event()

    async def set(self) -> None:
        """Let go on who waits."""
        self._event.set()

    async def clear(self) -> None:
        """Have those wait who come from now on."""
        self._event = trio.Event()

    async def wait(self) -> None:
        """Wait for set()."""
        await self._event.wait()

    def is_set(self) -> bool:
        """Whether nobody waits."""
        return self._event.is_set()


class HypercornContext:
    """`terminated` is set when connections are to end as soon as they rest."""

    event_class: type[Event] = Flag
    single_task_class: type[SingleTask]  # of Hypercorn's TCPServer alone, which is not used

    def __init__(self) -> None:
        self.terminate: Event = Flag()
        self.terminated: Event = Flag()

    async def mark_request(self) -> None:
        """Count a request; there is no most."""

    @staticmethod
    async def sleep(wait: float) -> None:
        """Wait for so many seconds."""
        await trio.sleep(wait)

    @staticmethod
    def time() -> Any:
        """Return the time, in seconds."""
        return trio.current_time()
