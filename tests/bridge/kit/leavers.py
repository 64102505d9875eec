"""The ways to open a session and abandon it; nothing of any may be left at the server.

Each is done by a client of its own that has the server's address and no manners.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

import trio

from tests.bridge.kit.client import EITHER, SMALL_BUFFER, HttpSession, SseSession, start
from tests.bridge.kit.running import Running
from tests.bridge.kit.session import HELLO, Session
from tests.bridge.kit.wire import Broken, Wire, connect

HELLO_SECONDS = 30.0  # many do this at once
Way = Callable[[Running, trio.Nursery], Awaitable[None]]
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}


async def says_nothing(run: Running, nursery: trio.Nursery) -> None:
    """Connect, and go."""
    (await connect(run.port)).close()


async def half_a_head(run: Running, nursery: trio.Nursery) -> None:
    """Go in the middle of a request's head."""
    wire = await connect(run.port)
    await wire.stream.send_all(f"GET {run.path} HTTP/1.1\r\nHost: 127.".encode())
    wire.close()


async def half_a_body(run: Running, nursery: trio.Nursery) -> None:
    """Go in the middle of the initialize request."""
    session = await _session(run, nursery)
    wire = await connect(run.port)
    target = getattr(session, "endpoint", "") or run.path
    head = f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{run.port}\r\nContent-Type: application/json\r\n"
    accept = "Accept: application/json, text/event-stream\r\nContent-Length: 1000\r\n\r\n"
    await wire.stream.send_all((head + accept).encode() + b'{"jsonrpc": "2.0", "id"')
    wire.reset()
    session.leave(Wire.reset)


async def no_initialize(run: Running, nursery: trio.Nursery) -> None:
    """Open a stream, and go."""
    (await _session(run, nursery)).leave()


async def before_the_answer(run: Running, nursery: trio.Nursery) -> None:
    """Go as soon as the initialize request is sent."""
    session = await _session(run, nursery)
    wire = await session.wire()
    target = getattr(session, "endpoint", "") or run.path
    await wire.send("POST", target, EITHER, json.dumps(INITIALIZE).encode())
    session.leave()


async def mid_call(run: Running, nursery: trio.Nursery) -> None:
    """Go while a call is under way."""
    session = await _initialized(run, nursery)
    with trio.move_on_after(0.1):
        await session.ask("sleep", seconds=5)
    session.leave()


async def reset_mid_call(run: Running, nursery: trio.Nursery) -> None:
    """The same, by a reset, while much is on its way."""
    session = await _initialized(run, nursery)
    with trio.move_on_after(0.05):
        await session.ask("big", size=2_000_000)
    session.leave(Wire.reset)


async def half_open(run: Running, nursery: trio.Nursery) -> None:
    """Say that nothing more will come, and go only later."""
    session = await _initialized(run, nursery)
    session.leave(Wire.half_close)
    await trio.sleep(0.5)
    session.leave()


async def never_reads(run: Running, nursery: trio.Nursery) -> None:
    """Ask for much, read none of it, and go."""
    session = await _session(run, nursery, SMALL_BUFFER)
    if isinstance(session, SseSession):
        await session.post(INITIALIZE)
        for id in range(2, 6):
            call = {"name": "big", "arguments": {"size": 500_000}}
            await session.post({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call})
    else:
        wire = await session.wire()
        await wire.send("POST", run.path, EITHER, json.dumps(INITIALIZE).encode())
    await trio.sleep(0.2)
    session.leave()


async def hung(run: Running, nursery: trio.Nursery) -> None:
    """Go when the child hangs, and does not care for TERM."""
    session = await _initialized(run, nursery)
    with trio.move_on_after(0.1):
        await session.ask("hang", deaf=True)
    session.leave(Wire.reset)


async def with_heirs(run: Running, nursery: trio.Nursery) -> None:
    """Go when the child has started a process that does not care for TERM."""
    session = await _initialized(run, nursery)
    await session.call("fork")
    session.leave()


async def after_a_crash(run: Running, nursery: trio.Nursery) -> None:
    """Have the child crash, and go."""
    session = await _initialized(run, nursery)
    with trio.move_on_after(0.2):
        await session.ask("crash", code=9)
    session.leave()


async def politely(run: Running, nursery: trio.Nursery) -> None:
    """End the session as the specification says."""
    session = await _initialized(run, nursery)
    await session.end()


async def _session(
    run: Running, nursery: trio.Nursery, buffer: int | None = None
) -> SseSession | HttpSession:
    """Return a session that is not initialised, and whose stream nobody reads any more."""
    session: SseSession | HttpSession
    if run.transport == "http":
        session = HttpSession(run.port, run.path)
    else:
        session = SseSession(run.port, run.path, await connect(run.port, buffer=buffer))
    nursery.start_soon(session.stay)
    if isinstance(session, SseSession):
        await session.open()
    return session


async def _initialized(run: Running, nursery: trio.Nursery) -> Session:
    return await start(nursery, *run.where)


WAYS: Mapping[str, Way] = {
    way.__name__: way
    for way in (
        says_nothing,
        half_a_head,
        half_a_body,
        no_initialize,
        before_the_answer,
        mid_call,
        reset_mid_call,
        half_open,
        never_reads,
        with_heirs,
        after_a_crash,
        politely,
        hung,
    )
}


# Where one child is for all, these are the child's end, not a session's.
OF_THE_CHILD = ("with_heirs", "after_a_crash", "hung")


async def leave_all(run: Running, count: int, at_once: int, *, own_child: bool) -> None:
    """Open so many sessions and abandon them, in all ways by turns."""
    ways = [way for name, way in WAYS.items() if own_child or name not in OF_THE_CHILD]
    numbers = iter(range(count))

    async def leaver(nursery: trio.Nursery) -> None:
        for number in numbers:
            try:
                with trio.fail_after(HELLO_SECONDS):
                    await ways[number % len(ways)](run, nursery)
            except (Broken, OSError):
                pass  # a server may end what is this rude

    async with trio.open_nursery() as nursery:
        async with trio.open_nursery() as leavers:
            for _ in range(at_once):
                leavers.start_soon(leaver, nursery)
        nursery.cancel_scope.cancel()
