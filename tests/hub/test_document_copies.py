"""Documents on their way out: one copy, counted once, gone with its last reader, whatever happens to it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.budget import Budget
from mapsrv.errors import Busy, UnknownData
from mapsrv.hub.document_copies import LOADERS, Lender

HERE, FAR, FARTHER = None, "192.0.2.1", "192.0.2.2"


class Library:
    """Documents of 100 bytes, given once `gate` is open."""

    def __init__(self) -> None:
        self.gate = trio.Event()
        self.asked: list[str] = []
        self.at_once = self.most = 0

    async def get(self, name: str) -> bytes:
        self.asked.append(name)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if name == "missing":
            raise UnknownData("There is none.")
        return name.encode().ljust(100)


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def budget() -> Budget:
    return Budget(1000)


@pytest.fixture
def lender(library: Library, budget: Budget) -> Lender:
    return Lender(library.get, budget)


async def test_many_readers_have_one_copy_that_is_read_once(
    library: Library, lender: Lender, budget: Budget
) -> None:
    found: list[bytes] = []

    async def read(held: ExitStack) -> None:
        found.append(await lender.borrow("a", HERE, held))

    with ExitStack() as held:
        async with trio.open_nursery() as nursery:
            for _ in range(60):
                nursery.start_soon(read, held)
            await wait_all_tasks_blocked()
            assert library.asked == ["a"] and budget.all.taken == 0
            library.gate.set()
        assert len(found) == 60 and len(set(map(id, found))) == 1
        assert budget.all.taken == 100
    assert budget.all.taken == 0
    with ExitStack() as held:
        await lender.borrow("a", HERE, held)
    assert library.asked == ["a", "a"]


async def test_each_address_is_counted_once_until_its_last_reader_leaves(
    library: Library, lender: Lender, budget: Budget
) -> None:
    library.gate.set()
    with ExitStack() as first, ExitStack() as second, ExitStack() as other:
        for held in (first, second):
            await lender.borrow("a", FAR, held)
        await lender.borrow("a", FARTHER, other)
        first.close()
        assert budget.of(FAR).taken == budget.of(FARTHER).taken == budget.all.taken == 100
        second.close()
        assert (budget.of(FAR).taken, budget.of(FARTHER).taken, budget.all.taken) == (0, 100, 100)
    assert budget.all.taken == 0


async def test_what_does_not_fit_is_refused_and_leaves_nothing(
    library: Library, lender: Lender, budget: Budget
) -> None:
    library.gate.set()
    with ExitStack() as held:
        for name in "ab":
            await lender.borrow(name, FAR, held)
        with pytest.raises(Busy):
            await lender.borrow("c", FAR, held)
        assert budget.all.taken == 200
        for name in "cdefghij":
            await lender.borrow(name, HERE, held)
        with pytest.raises(Busy):
            await lender.borrow("k", HERE, held)
        assert budget.all.taken == 1000
    assert budget.all.taken == budget.of(FAR).taken == 0


async def test_one_that_is_cancelled_while_it_loads_leaves_the_others_their_document(
    library: Library, lender: Lender, budget: Budget
) -> None:
    with ExitStack() as held:
        async with trio.open_nursery() as nursery:
            with trio.CancelScope() as scope:
                nursery.start_soon(wait_all_tasks_blocked)
                scope.cancel()
                await lender.borrow("a", HERE, held)
            nursery.start_soon(lender.borrow, "a", HERE, held)
            await wait_all_tasks_blocked()
            library.gate.set()
        assert budget.all.taken == 100
    assert budget.all.taken == 0


async def test_one_that_is_not_there_is_told_to_each(
    library: Library, lender: Lender, budget: Budget
) -> None:
    library.gate.set()
    for _ in range(2):
        with ExitStack() as held, pytest.raises(UnknownData):
            await lender.borrow("missing", HERE, held)
    assert budget.all.taken == 0


async def test_few_are_loaded_at_once_since_their_size_is_not_known(library: Library, lender: Lender) -> None:
    with ExitStack() as held:
        async with trio.open_nursery() as nursery:
            for number in range(LOADERS + 3):
                nursery.start_soon(lender.borrow, f"{number}", HERE, held)
            await wait_all_tasks_blocked()
            library.gate.set()
        assert library.most == LOADERS
