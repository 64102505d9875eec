"""The bridge stands every fault of faults.py, as a process, over both transports; and some in great numbers.

Rows are those of the list of what earlier wrappers got wrong: 20 to 28, each a test by its number.
Where all share one child, what is about a session's own child does not apply.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

from mapsrv.bridge.settings import Limits
from tests.bridge.kit import faults, isolation, loads, proc
from tests.bridge.kit.client import open_session
from tests.bridge.kit.faults import FAULTS
from tests.bridge.kit.running import Running, running
from tests.bridge.kit.session import failed
from tests.bridge.kit.wire import connect
from tests.bridge.kit.wrappers import Mapsrv

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

ONE_EACH, ONE_FOR_ALL = Mapsrv(), Mapsrv("shared")
LIMIT = 256 * loads.MIB  # of a child's address space
CALLS = 10_000
LEAVERS = 1_000
LEAVING_SECONDS = 150  # less than the watchdog of all tests

# What no wrapper can stand where the child that crashes or hangs is everybody's.
OF_A_SHARED_CHILD = ("crash_spares_others", "hang_spares_others")


def cases() -> Iterator[object]:
    """Yield each fault for each transport and mode for which it has a meaning."""
    for wrapper in (ONE_EACH, ONE_FOR_ALL):
        for name, fault in FAULTS.items():
            row = f"row_{fault.row}" if fault.row else "also"
            if wrapper is ONE_FOR_ALL and (fault.own or name in OF_A_SHARED_CHILD):
                continue
            for transport in fault.transports:
                yield pytest.param(name, wrapper, transport, id=f"{row}-{name}-{transport}-{wrapper.mode}")


@pytest.fixture(scope="module")
def lasting() -> Iterator[Callable[[Mapsrv], Running]]:
    """One bridge a mode, for all faults after which it must be as good as new."""
    with ExitStack() as stack:
        runs: dict[str, Running] = {}

        def of(wrapper: Mapsrv) -> Running:
            if wrapper.mode not in runs or runs[wrapper.mode].ended():
                runs[wrapper.mode] = stack.enter_context(running(wrapper, "sse"))
            return runs[wrapper.mode]

        yield of


@pytest.mark.parametrize(("name", "wrapper", "transport"), list(cases()))
def test_the_bridge_stands(
    name: str, wrapper: Mapsrv, transport: str, lasting: Callable[[Mapsrv], Running]
) -> None:
    # A child for all that has crashed is away for a while, and longer each time.
    most = faults.NOTHING if wrapper is ONE_FOR_ALL else faults.A_CHILD
    if FAULTS[name].ends <= most and not FAULTS[name].idle:
        run = lasting(wrapper)
        assert faults.stands(name, run.over(transport)) is None, FAULTS[name].survived
        assert not run.ended(), run.log
    else:
        assert faults.stand(name, wrapper, transport) is None, FAULTS[name].survived


def test_rows_20_to_28_are_all_here() -> None:
    assert {fault.row for fault in FAULTS.values()} - {None} == set(range(20, 29))


@pytest.mark.parametrize("transport", faults.BOTH)
@pytest.mark.parametrize("wrapper", [ONE_EACH, ONE_FOR_ALL], ids=lambda wrapper: wrapper.mode)
def test_10_000_interleaved_calls_with_the_same_ids_each_get_their_own_answer(
    wrapper: Mapsrv, transport: str
) -> None:
    with running(wrapper, transport) as run:
        trio.run(isolation.same_ids, run, CALLS)


@pytest.mark.parametrize("transport", faults.BOTH)
def test_1_000_sessions_abandoned_in_many_ways_leave_no_child_and_no_descriptor(transport: str) -> None:
    async def main(run: Running) -> None:
        with trio.fail_after(LEAVING_SECONDS):
            await loads.abandoned(run, LEAVERS, 16)

    with running(ONE_EACH, transport, *ONE_EACH.idle) as run:
        trio.run(main, run)


def test_sessions_of_a_pool_have_a_child_of_their_own_and_leave_the_spare_ones() -> None:
    async def main(run: Running) -> None:
        assert await isolation.has_own_child(run)
        await loads.abandoned(run)
        assert await proc.until(lambda: len(run.children()) == Limits().spare, loads.GONE_SECONDS)

    with running(Mapsrv("pool"), "http", *ONE_EACH.idle) as run:
        trio.run(main, run)


@pytest.mark.parametrize("transport", faults.BOTH)
def test_junk_lines_are_counted(transport: str) -> None:
    async def main(run: Running) -> None:
        before = await junk_counted(run)
        await loads.junk(run)
        # An empty line is not counted: some servers end their messages by two line ends.
        assert await junk_counted(run) - before == 3 * len([line for line in loads.JUNK if line])

    with running(ONE_EACH, transport) as run:
        trio.run(main, run)


def test_a_child_that_leaks_ends_by_its_memory_limit_and_alone(tmp_path: Path) -> None:
    async def main(run: Running) -> None:
        async with open_session(*run.where) as leaks, open_session(*run.where) as well:
            assert (await leaks.call("leak", size=10 * loads.MIB))[0] == 10 * loads.MIB
            assert failed(await leaks.ask("leak", size=LIMIT))
            assert (await well.call("echo", value=1))[0] == 1

    bounded = Mapsrv(config=tmp_path / "servers.json", limits={"memory": LIMIT})
    with running(bounded, "http") as run:
        trio.run(main, run)


async def junk_counted(run: Running) -> float:
    """Return what /metrics says of lines that were no JSON-RPC message for anybody."""
    wire = await connect(run.port)
    await wire.send("GET", "/metrics", {})
    assert await wire.head() == 200
    text = (await wire.body()).decode()
    wire.close()
    return sum(map(float, re.findall(r"^mapsrv_bridge_junk_lines_total\{\S* (\S+)$", text, re.MULTILINE)))
