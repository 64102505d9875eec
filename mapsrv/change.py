"""What happens again and again, and who waits for the next time."""

from __future__ import annotations

from collections.abc import Callable

import trio


class Change:
    """All who wait when it is told look again, each at what concerns them.

    To tell it where nobody waits costs nothing.
    """

    def __init__(self) -> None:
        self._next: trio.Event | None = None  # while somebody waits

    def tell(self) -> None:
        """It has happened."""
        if self._next is not None:
            self._next.set()
            self._next = None

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until it is true, which may only become so with a change.

        Where it is true already it returns at once, without a checkpoint.
        """
        while not true():
            await self.next()

    async def next(self) -> None:
        """Wait until it happens the next time."""
        await self.coming().wait()

    def coming(self) -> trio.Event:
        """Return what is set when it happens the next time."""
        if self._next is None:
            self._next = trio.Event()
        return self._next
