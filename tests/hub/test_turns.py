"""What a command costs besides its own work: the steps of tasks from execute() to its answer."""

from __future__ import annotations

import trio

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import COMMITS, open_memory

ANA, BOB = Origin("person", "ana", ""), Origin("person", "bob", "")


class Steps(trio.abc.Instrument):
    """The names of the tasks that had a step."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.names.append(task.name.rpartition(".")[2])


async def test_a_command_alone_takes_a_step_of_the_committer_and_one_of_its_caller(
    autojump_clock: object,
) -> None:
    steps, taken = Steps(), []
    async with open_memory() as store, open_hub(store, max_data=1, session_idle=60, warm=False) as hub:
        session_id = await hub.create_session()
        await hub.execute(session_id, SetTitle("in memory from now on"), ANA)
        trio.lowlevel.add_instrument(steps)
        try:
            for number in range(COMMITS):
                steps.names.clear()
                await hub.execute(session_id, SetTitle(f"{number}"), ANA)
                taken.append(steps.names[:-1])  # the last one is this test's
        finally:
            trio.lowlevel.remove_instrument(steps)
    assert sorted(taken)[:-1] == [["run"]] * (COMMITS - 1), "the committer's, then the caller's"
    assert max(taken) == ["run", "run"], "one commit of so many gives the others a turn"


async def test_commands_of_two_authors_at_once_share_the_committers_step(autojump_clock: object) -> None:
    steps = Steps()
    async with open_memory() as store, open_hub(store, max_data=1, session_idle=60, warm=False) as hub:
        session_id = await hub.create_session()
        await hub.execute(session_id, SetTitle("in memory from now on"), ANA)
        trio.lowlevel.add_instrument(steps)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hub.execute, session_id, SetTitle("A"), ANA)
                nursery.start_soon(hub.execute, session_id, SetTitle("B"), BOB)
        finally:
            trio.lowlevel.remove_instrument(steps)
        async with hub.open_session(session_id) as live:
            assert live.position.revision == 3
    assert steps.names.count("run") == 1
