"""Bytes in flight: one budget for all that is on its way in or out of this process, whoever sends it.

Plain and synchronous: what is taken is in a Claim, and whoever leaves a Claim gives all of it back.
"""

from __future__ import annotations

import math
from types import TracebackType
from weakref import WeakValueDictionary

from mapsrv.errors import Busy

QUARTER = 4  # of the whole, one part is the most that one caller has out
RETRY_SECONDS = 5  # most bodies have arrived, and most documents are read, by then


class Account:
    """`taken` of at most `size` bytes."""

    def __init__(self, size: float) -> None:
        self.size = size
        self.taken = 0

    def fits(self, size: int) -> bool:
        """Return whether so many more can be taken now."""
        return self.taken + size <= self.size

    def try_take(self, size: int) -> bool:
        """Take so many bytes, or none and return False."""
        if not self.fits(size):
            return False
        self.taken += size
        return True

    def give_back(self, size: int) -> None:
        """Return so many bytes that were taken."""
        assert 0 <= size <= self.taken
        self.taken -= size


class Claim:
    """What one holder has taken, of each of some accounts; at the end of its block all is given back."""

    def __init__(self, *accounts: Account) -> None:
        self._accounts = accounts
        self.size = 0

    def check(self, size: int) -> None:
        """Raise Busy where so many bytes more cannot be taken now."""
        for account in self._accounts:  # (asked twice of every request: all() takes twice as long)
            if not account.fits(size):
                raise Busy(
                    "This server has as much on its way as it holds at once. Nothing was changed: try again.",
                    retry_after=RETRY_SECONDS,
                )

    def take(self, size: int) -> None:
        """Take so many bytes of each account; raises Busy, and takes none, where one has not enough."""
        self.check(size)
        for account in self._accounts:
            account.try_take(size)
        self.size += size

    def give_back(self) -> None:
        """Return all of it. The claim may be used again."""
        size, self.size = self.size, 0
        for account in self._accounts:
            account.give_back(size)

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()


class Budget:
    """`size` bytes for all together, and a quarter of them for each caller."""

    def __init__(self, size: float = math.inf) -> None:
        self.all = Account(size)
        # An account that no claim refers to any more has nothing taken, and is forgotten.
        self._of: WeakValueDictionary[str, Account] = WeakValueDictionary()

    def of(self, caller: str | None) -> Account:
        """Return what one caller has out; None: one without a bound of its own, on this machine."""
        if caller is None:
            return Account(math.inf)
        account = self._of.get(caller)
        if account is None:
            account = self._of[caller] = Account(self.all.size / QUARTER)
        return account

    def claim(self, caller: str | None) -> Claim:
        """Return a claim of what this caller sends or is sent; mapsrv/asgi/caller.py says who that is."""
        return Claim(self.all) if caller is None else Claim(self.all, self.of(caller))

    @property
    def pressed(self) -> bool:
        """Whether over half of it is out."""
        return self.all.taken > self.all.size / 2
