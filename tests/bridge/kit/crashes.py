"""Faults of the kind "the child has died". A check raises where it is not stood."""

from __future__ import annotations

import signal

import trio

from tests.bridge.kit.client import open_session
from tests.bridge.kit.running import Running
from tests.bridge.kit.session import Message, Refused, Session, failed
from tests.bridge.kit.wire import Broken, connect

SOON_SECONDS = 2.0  # what need not wait for any time-out
AGAIN_SECONDS = 5.0  # for a child to be started anew
LAST_WORDS = "out of cheese"


async def crash(session: Session, **arguments: object) -> None:
    """Have the child crash, whatever the caller is told of it."""
    try:
        with trio.move_on_after(SOON_SECONDS):
            await session.ask("crash", **arguments)
    except (Refused, Broken):
        pass


async def crash_told(run: Running) -> None:
    """The calls in flight at a crash are answered at once, by errors."""
    errors: list[Message] = []

    async def ask(session: Session, tool: str, **arguments: object) -> None:
        errors.append(await session.ask(tool, **arguments))

    async with open_session(*run.where) as session:
        with trio.fail_after(SOON_SECONDS + 0.5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda: ask(session, "sleep", seconds=60))
                await trio.sleep(0.5)
                nursery.start_soon(lambda: ask(session, "crash", code=41))
    assert len(errors) == 2 and all(map(failed, errors)), errors


async def crash_explained(run: Running) -> None:
    """The error is one of JSON-RPC and names the exit code and the last words, or the signal."""
    for arguments, words in (
        ({"code": 41, "words": f"Traceback\n{LAST_WORDS}"}, ("41", LAST_WORDS)),
        ({"number": int(signal.SIGKILL)}, ("SIGKILL",)),
    ):
        async with open_session(*run.where) as session:
            session.seconds = SOON_SECONDS
            answer = await session.ask("crash", **arguments)
            message = answer.get("error", {}).get("message", "")
            assert all(word in message for word in words), answer


async def crash_told_despite_heirs(run: Running) -> None:
    """A crash is told at once, though a process that the child started still holds its pipes."""
    async with open_session(*run.where) as session:
        await session.call("fork")
        with trio.fail_after(SOON_SECONDS):
            assert failed(await session.ask("crash", code=41))


async def crash_spares_others(run: Running) -> None:
    """A call of another session, in flight at the crash, is answered."""
    async with open_session(*run.where) as ill, open_session(*run.where) as well:
        async with trio.open_nursery() as nursery:

            async def call() -> None:
                value, _ = await well.call("sleep", seconds=1, value="well")
                assert value == "well"

            nursery.start_soon(call)
            await trio.sleep(0.2)
            await crash(ill)
        assert (await well.call("echo", value=1))[0] == 1


async def crash_others_later(run: Running) -> None:
    """A session that was open before another's crash can call after it."""
    async with open_session(*run.where) as ill, open_session(*run.where) as well:
        await crash(ill)
        await _echoes(well)


async def _echoes(session: Session) -> None:
    """Have a call answered within the time that a new child takes."""
    session.seconds = SOON_SECONDS
    with trio.fail_after(AGAIN_SECONDS):
        while True:
            try:
                assert (await session.call("echo", value="again"))[0] == "again"
                return
            except (AssertionError, Broken, trio.TooSlowError):
                await trio.sleep(0.2)  # an error is an answer too: the child is on its way


async def crash_then_new(run: Running) -> None:
    """After three crashes a new session works."""
    for _ in range(3):
        with trio.fail_after(AGAIN_SECONDS):
            async with open_session(*run.where) as session:
                await crash(session)
    with trio.fail_after(AGAIN_SECONDS):
        async with open_session(*run.where) as session:
            assert (await session.call("echo", value="new"))[0] == "new"


async def crash_ends_session(run: Running) -> None:
    """The session whose child crashed is over: its next POST gets 404, so that clients initialise anew."""
    async with open_session(*run.where) as session:
        await crash(session)
        await trio.sleep(0.2)
        try:
            answer = await session.ask("echo")
        except Refused as refused:
            assert refused.status == 404, refused
        else:
            raise AssertionError(f"it was answered: {answer}")


async def unknown_session(run: Running) -> None:
    """A session that the wrapper does not know gets 404, as after a restart, and not 400."""
    async with open_session(*run.where) as session:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        if run.transport == "sse":
            digits = [n for n, char in enumerate(session.endpoint) if char in "0123456789abcdef"]
            last = digits[-1]
            other = "0" if session.endpoint[last] != "0" else "1"
            session.endpoint = session.endpoint[:last] + other + session.endpoint[last + 1 :]
        else:
            real, session.id = session.id, "00000000-0000-4000-8000-000000000000"
        try:
            await session.post(ping)
        except Refused as refused:
            assert refused.status == 404, refused
        else:
            raise AssertionError("it was taken")
        finally:
            if run.transport == "http":
                session.id = real


async def idle_death(run: Running) -> None:
    """A child dies while nobody calls; the next call is answered at once, by whatever."""
    async with open_session(*run.where) as session:
        await session.call("die_after", seconds=0.2)
        await trio.sleep(1)
        session.seconds = AGAIN_SECONDS
        try:
            await session.ask("echo")
        except (Refused, Broken):
            pass  # that is an answer too


async def health(run: Running) -> int:
    """Return the status of the wrapper's health endpoint."""
    wire = await connect(run.port)
    try:
        await wire.send("GET", run.wrapper.health, {})
        return await wire.head()
    finally:
        wire.close()


async def health_tells(run: Running) -> None:
    """Once no child can be started, health does not say that all is well."""
    async with open_session(*run.where) as session:
        assert await health(run) == 200
        run.program.unlink()
        await crash(session)
    try:
        with trio.move_on_after(AGAIN_SECONDS):
            async with open_session(*run.where) as session:
                await session.call("echo")
    except BaseExceptionGroup:
        pass  # as it should be
    await trio.sleep(0.5)
    assert (status := await health(run)) >= 500, f"it says {status}"
