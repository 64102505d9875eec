"""Faults of the kind "whose answer is this?". A check raises where it is not stood."""

from __future__ import annotations

import random
from collections.abc import Iterator

import trio

from tests.bridge.kit.client import open_session, open_stream, start
from tests.bridge.kit.running import Running
from tests.bridge.kit.session import Session
from tests.bridge.kit.wire import Wire

AT_ONCE_SECONDS = 0.5  # what is answered at once takes milliseconds
AT_A_TIME = 20  # calls of one session
FEW_CALLS = 300


async def same_ids(run: Running, calls: int = FEW_CALLS) -> None:
    """Two sessions use the same ids; of the calls of each, some are slow, so that answers overtake."""
    async with open_session(*run.where) as one, open_session(*run.where) as two:
        async with trio.open_nursery() as nursery:
            for session, name in ((one, "one"), (two, "two")):
                ids = iter(range(1000, 1000 + calls // 2))
                for _ in range(AT_A_TIME):
                    nursery.start_soon(_calls, session, name, ids)
        assert one.strays == two.strays == [], (one.strays[:3], two.strays[:3])


async def _calls(session: Session, name: str, ids: Iterator[int]) -> None:
    for id in ids:
        value = f"{name} {id}"
        if id % 4:
            got, _ = await session.call("echo", id=id, value=value)
        else:
            got, _ = await session.call("sleep", id=id, value=value, seconds=random.random() / 50)
        assert got == value, f"{value!r} was answered by {got!r}"


async def server_requests(run: Running) -> None:
    """The child asks its client while it works for it; two sessions at once answer differently."""
    async with open_session(*run.where, listen=True) as one, open_session(*run.where, listen=True) as two:
        one.roots, two.roots = [{"uri": "file:///one"}], [{"uri": "file:///two"}]
        one.seconds = two.seconds = 5.0
        await _question(one)  # alone: from then on it is known that this child asks
        for _ in range(3):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_question, one)
                nursery.start_soon(_question, two)


async def _question(session: Session) -> None:
    value, _ = await session.call("ask")
    assert value == {"roots": session.roots}, value


async def late_answer(run: Running) -> None:
    """One leaves with a call under way; the other, who uses the same id, must not get its answer."""
    async with open_session(*run.where) as stays:
        async with trio.open_nursery() as leavers:
            leaver = await start(leavers, *run.where)

            async def call() -> None:
                value, _ = await stays.call("sleep", id=77, seconds=1.5, value="mine")
                assert value == "mine", value

            async with trio.open_nursery() as nursery:
                nursery.start_soon(call)
                with trio.move_on_after(0.5):
                    await leaver.call("sleep", id=77, seconds=1, value="the other's")
                leaver.leave(Wire.reset)
            leavers.cancel_scope.cancel()
        assert stays.strays == [], stays.strays


async def post_at_once(run: Running) -> None:
    """A POST is answered at once and its reply comes on the stream; notifications wait for nothing."""
    async with open_session(*run.where) as session:
        with trio.fail_after(AT_ONCE_SECONDS):
            await session.notify("notifications/roots/list_changed")
        if run.transport == "sse":
            call = {"name": "sleep", "arguments": {"seconds": 1.0}}
            with trio.fail_after(AT_ONCE_SECONDS):
                await session.post({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": call})
            await trio.sleep(1.5)
            assert len(session.strays) == 1 and session.strays[0]["id"] == 9, session.strays


async def relative_endpoint(run: Running) -> None:
    """The endpoint event holds a path, which is right behind any proxy."""
    session = await open_stream(run.port, run.path)
    session.leave()
    assert "://" not in session.endpoint and session.endpoint.startswith("/"), session.endpoint


async def stays_open(run: Running, seconds: float = 3.0) -> None:
    """A session that was silent for a while lists the child's tools."""
    async with open_session(*run.where) as session:
        await trio.sleep(seconds)
        listed = await session.request("tools/list")
        assert {"echo", "crash"} <= {tool["name"] for tool in listed["result"]["tools"]}


async def has_own_child(run: Running) -> bool:
    """Return whether each session has a child of its own."""
    async with open_session(*run.where) as one, open_session(*run.where) as two:
        return (await one.call("echo"))[1] != (await two.call("echo"))[1]
