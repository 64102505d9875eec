"""What happens again and again, and who waits for the next time."""

from __future__ import annotations

from collections.abc import Callable

import trio


class Change:
    """All who wait when it is told look again, each at what concerns them."""

    def __init__(self) -> None:
        self._next = trio.Event()

    def tell(self) -> None:
        """It has happened."""
        self._next.set()
        self._next = trio.Event()

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until it is true, which may only become so with a change.

        Where it is true already it returns at once, without a checkpoint.
        """
        while not true():
            await self._next.wait()
