"""Documents on their way out: one copy of each in memory, however many are being sent it.

A copy is counted once in the budget, and once for each caller that reads it; with its last reader it goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager

import trio

from mapsrv.budget import Account, Budget, Claim

LOADERS = 4  # documents read from the store at once: how large these are is not known yet, nor counted


class Copy:
    """A document in memory, and how often each caller reads it. Made with the claim of its bytes."""

    def __init__(self, body: bytes, claim: Claim) -> None:
        self.body, self.claim = body, claim
        self.readers: Counter[Account] = Counter()

    def join(self, account: Account) -> None:
        """Count a reader; raises Busy where its caller has too much out."""
        if not self.readers[account]:
            Claim(account).take(len(self.body))
        self.readers[account] += 1

    def leave(self, account: Account) -> None:
        """Count a reader no more."""
        self.readers[account] -= 1
        if not self.readers[account]:
            del self.readers[account]
            account.give_back(len(self.body))


class Lender:
    """`get` returns a document by its name, as Documents.get does."""

    def __init__(self, get: Callable[[str], Awaitable[bytes]], budget: Budget) -> None:
        self._get, self._budget = get, budget
        self._copies: dict[str, Copy] = {}
        self._loading: dict[str, trio.Event] = {}
        self._loaders = trio.CapacityLimiter(LOADERS)

    async def borrow(self, name: str, caller: str | None, held: ExitStack) -> bytes:
        """Return a document, which stays in memory until `held` is closed.

        Raises UnknownData, StoreDamaged, StoreUnavailable, and Busy where too much is in flight.
        """
        copy = await self._find(name)
        # No checkpoint in between: else its last reader might have left, and it be counted no more.
        return held.enter_context(self._lent(name, copy, self._budget.of(caller)))

    @contextmanager
    def _lent(self, name: str, copy: Copy, account: Account) -> Iterator[bytes]:
        try:
            copy.join(account)
            try:
                yield copy.body
            finally:
                copy.leave(account)
        finally:
            if not +copy.readers:
                del self._copies[name]
                copy.claim.give_back()

    async def _find(self, name: str) -> Copy:
        """Return the one copy; loading is single-flight."""
        while (copy := self._copies.get(name)) is None:
            loading = self._loading.get(name)
            if loading is not None:
                await loading.wait()
                continue
            self._loading[name] = trio.Event()
            try:
                copy = self._copies[name] = await self._load(name)
            finally:
                self._loading.pop(name).set()
        return copy

    async def _load(self, name: str) -> Copy:
        async with self._loaders:
            body = await self._get(name)
        claim = Claim(self._budget.all)
        claim.take(len(body))
        return Copy(body, claim)
