"""What happens again and again, and who waits for the next time."""

from __future__ import annotations

from collections.abc import Callable

import trio


class Change:
    """All who wait when it is told look again, each at what concerns them."""

    def __init__(self) -> None:
        self.next = trio.Event()  # set at the next change; then there is another

    def tell(self) -> None:
        """It has happened."""
        self.next.set()
        self.next = trio.Event()

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until it is true, which may only become so with a change.

        Where it is true already it returns at once, without a checkpoint.
        """
        while not true():
            await self.next.wait()
