"""What an idle session costs in memory: in the wrapper, and with its child."""

from __future__ import annotations

import trio

from tests.bench.bridge.options import Options, each, telling
from tests.bench.report import Table
from tests.bridge.kit.client import open_session
from tests.bridge.kit.running import Running, running

IDLE_SESSIONS = 20
SETTLE_SECONDS = 1.0
MIB = 1024 * 1024
NOTE = (
    f"{IDLE_SESSIONS} sessions that have made one call each and stay open: the memory (PSS) of the"
    " wrapper and all that it has started, less what it was with none, by their number. The child is"
    " the abuse child of the tests, a bare Python."
)


def measure(given: Options) -> list[Table]:
    """Measure what idle sessions cost."""
    columns = ("over", "children", "MiB a session", "of it the wrapper's", "wrapper with no session, MiB")
    table = Table("The bridge: memory of a session", columns, NOTE)
    for wrapper, transport in each(given):
        with telling(f"{wrapper.name}, {transport}"), running(wrapper, transport) as run:
            table.add(f"{wrapper.name}: {transport}", *trio.run(_memory, run))
    return [table]


async def _memory(run: Running) -> tuple[int, float, float, float]:
    async with open_session(*run.where) as session:
        await session.call("echo")  # what is loaded at the first one is no session's cost
    await trio.sleep(SETTLE_SECONDS)
    whole, own = run.memory()
    children = set()
    async with trio.open_nursery() as nursery:

        async def stay(  # noqa: ASYNC114 (started below)
            task_status: trio.TaskStatus[int],
        ) -> None:
            async with open_session(*run.where) as session:
                task_status.started((await session.call("echo"))[1])
                await trio.sleep_forever()

        for _ in range(IDLE_SESSIONS):
            children.add(await nursery.start(stay))
        await trio.sleep(SETTLE_SECONDS)
        more, more_own = run.memory()
        nursery.cancel_scope.cancel()
    scale = IDLE_SESSIONS * MIB
    return len(children), (more - whole) / scale, (more_own - own) / scale, own / MIB
