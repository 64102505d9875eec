"""Faults of the kind "something will not end, or should not". A check raises where it is not stood."""

from __future__ import annotations

import trio

from tests.bridge.kit import proc
from tests.bridge.kit.client import open_session, start
from tests.bridge.kit.crashes import SOON_SECONDS, crash, health
from tests.bridge.kit.running import Running

END_SECONDS = 6.0  # stdin closed, 2 s, TERM, 2 s, KILL, and some
AWAY_SECONDS = 9.0  # until it is clear that a client that lost its stream does not come back


async def hang_spares_others(run: Running) -> None:
    """Another session's calls are answered while one's child answers nothing more."""
    async with open_session(*run.where) as ill, open_session(*run.where) as well:
        async with trio.open_nursery() as nursery:

            async def call() -> None:
                with trio.move_on_after(3):
                    await ill.ask("hang", deaf=True)

            nursery.start_soon(call)
            await trio.sleep(0.3)
            with trio.fail_after(SOON_SECONDS):
                assert (await well.call("echo", value=1))[0] == 1
            nursery.cancel_scope.cancel()


async def busy_is_not_dead(run: Running) -> None:
    """A child that answers nothing for 4 s, not even a probe, is left alone, and its answer arrives."""
    async with open_session(*run.where) as session:
        _, before = await session.call("echo")
        async with trio.open_nursery() as nursery:

            async def call() -> None:
                _, after = await session.call("busy", seconds=4)
                assert after == before, "it was another child"

            nursery.start_soon(call)
            await trio.sleep(0.3)
            for _ in range(3):
                with trio.fail_after(SOON_SECONDS):
                    assert await health(run) == 200
                await trio.sleep(1)


async def group_gone(run: Running, *, by_crash: bool = False) -> None:
    """When a session ends, or its child crashes, what the child has started goes too, deaf to TERM or not."""
    async with trio.open_nursery() as nursery:
        session = await start(nursery, *run.where)
        pid = (await session.call("fork"))[0]
        assert pid in run.children()
        if by_crash:
            await crash(session)
        else:
            await session.end()
        assert await proc.until(
            lambda: pid not in run.children(), END_SECONDS + AWAY_SECONDS
        ), "it still runs"
        session.leave()
        nursery.cancel_scope.cancel()


async def crash_takes_group(run: Running) -> None:
    """The same when the child crashes."""
    await group_gone(run, by_crash=True)


async def deaf_child_ends(run: Running) -> None:
    """A child that answers nothing and that TERM does not end goes with its session."""
    async with trio.open_nursery() as nursery:
        session = await start(nursery, *run.where)
        _, pid = await session.call("echo")
        with trio.move_on_after(0.5):
            await session.ask("hang", deaf=True)
        await session.end()
        assert await proc.until(
            lambda: pid not in run.children(), END_SECONDS + AWAY_SECONDS
        ), "it still runs"
        nursery.cancel_scope.cancel()


async def killed(run: Running, *, heirs: bool = False) -> None:
    """The wrapper is killed -9, and no child is left, though none reads its stdin any more."""
    async with trio.open_nursery() as nursery:
        for session in [await start(nursery, *run.where) for _ in range(3)]:
            with trio.move_on_after(0.5):
                if heirs:
                    await session.call("fork")
                else:
                    await session.ask("hang", deaf=True)
        assert run.children()
        run.process.kill()
        run.process.wait()
        assert await proc.until(lambda: not run.children(), END_SECONDS), f"{len(run.children())} left"
        nursery.cancel_scope.cancel()


async def killed_with_heirs(run: Running) -> None:
    """The wrapper is killed -9, and nothing that its children have started is left."""
    await killed(run, heirs=True)


async def stopped(run: Running) -> None:
    """The wrapper is asked to stop while children hang and have children: it does, and nothing is left."""
    async with trio.open_nursery() as nursery:
        one, two, _idle = [await start(nursery, *run.where) for _ in range(3)]
        await one.call("fork")
        with trio.move_on_after(0.5):
            await two.ask("hang", deaf=True)
        left = await trio.to_thread.run_sync(run.stop)
        assert run.obeyed, "it did not stop"
        assert not left, f"{len(left)} processes left"
        nursery.cancel_scope.cancel()
