"""Faults of the kind "too much, or not what was asked". A check raises where it is not stood."""

from __future__ import annotations

import trio

from tests.bridge.kit import proc
from tests.bridge.kit.client import EITHER, SMALL_BUFFER, HttpSession, SseSession, open_session
from tests.bridge.kit.crashes import SOON_SECONDS
from tests.bridge.kit.isolation import has_own_child
from tests.bridge.kit.leavers import INITIALIZE, leave_all
from tests.bridge.kit.running import Running
from tests.bridge.kit.session import Refused
from tests.bridge.kit.wire import Broken, connect

MIB = 1024 * 1024
GONE_SECONDS = 20.0  # for what was abandoned: idle sessions after 2 s, and the ends of their children
SPARE_FILES = 3  # descriptors that come and go
BOUND = 64 * MIB  # that one client or one line may cost the wrapper
SLOW_SECONDS = 60.0  # for what is much to pass on
UNREAD_CALLS, UNREAD_BYTES = 200, MIB  # what one who never reads asks for
OTHERS_SECONDS = 10.0  # where one child is for all, it has 200 answers to write before

# Nothing of it is a JSON-RPC message for anybody: an answer that nobody asked for is none either.
JUNK = (
    "Listening on port 3000",
    "",
    "{",
    "[]",
    "null",
    "17",
    '"text"',
    "\ufffd\x00",
    '{"jsonrpc": "2.0"}',
    '{"jsonrpc": "1.0", "id": 1, "result": {}}',
    '{"jsonrpc": "2.0", "id": 987654, "result": {"from": "nobody"}}',
    '{"jsonrpc": "2.0", "id": "no such", "error": {"code": 1, "message": "no"}}',
)


async def junk(run: Running) -> None:
    """What the child babbles reaches no client and disturbs no call."""
    async with open_session(*run.where) as session:
        for _ in range(3):
            await session.call("babble", lines=JUNK)
            assert (await session.call("echo", value="fine"))[0] == "fine"
        assert session.strays == [], session.strays[:3]


async def big_answer(run: Running) -> None:
    """An answer of 2 MiB arrives whole."""
    async with open_session(*run.where) as session:
        assert len((await session.call("big", size=2 * MIB))[0]) == 2 * MIB


async def endless_line(run: Running) -> None:
    """A line of 60 MiB costs the wrapper little; its caller is answered; others go on."""
    before = proc.peak(run.pid)
    async with open_session(*run.where) as session:
        session.seconds = SLOW_SECONDS
        try:
            await session.ask("big", size=60 * MIB)
        except (Refused, Broken):
            pass  # that is an answer too
    async with open_session(*run.where) as other:
        assert (await other.call("echo", value=1))[0] == 1
    grown = proc.peak(run.pid) - before
    assert grown < BOUND / 2, f"it grew by {grown // MIB} MiB"


async def bad_bodies(run: Running) -> None:
    """Bodies that are no JSON-RPC are refused by 4xx, and nothing else happens."""
    async with open_session(*run.where) as session:
        for body in (b"", b"{", b"[]", b"null", b"{}", b'{"jsonrpc": "2.0"}', b"\xff\xfe", b"[" * 100_000):
            status = await _post(session, body)
            assert 400 <= status < 500, f"{body[:20]!r} was answered by {status}"
            assert (await session.call("echo", value=1))[0] == 1
        assert session.strays == [], session.strays


async def _post(session: SseSession | HttpSession, body: bytes) -> int:
    wire = await connect(session.port)
    try:
        with trio.fail_after(SOON_SECONDS):
            if isinstance(session, SseSession):
                await wire.send("POST", session.endpoint, EITHER, body)
            else:
                await wire.send("POST", session.path, {**EITHER, **session.headers()}, body)
            return await wire.head()
    finally:
        wire.close()


async def never_reads(run: Running) -> None:
    """One asks for 200 MiB and reads none of it: the wrapper does not keep it, and others go on."""
    before = proc.peak(run.pid)
    async with open_session(*run.where) as other, trio.open_nursery() as nursery:
        nursery.start_soon(_ask_for_much, run)
        await trio.sleep(1)
        for _ in range(10):
            with trio.fail_after(OTHERS_SECONDS):
                assert (await other.call("echo", value=1))[0] == 1
            await trio.sleep(0.4)
        nursery.cancel_scope.cancel()
    grown = proc.peak(run.pid) - before
    assert grown < BOUND, f"it grew by {grown // MIB} MiB"


async def _ask_for_much(run: Running) -> None:
    """Ask again and again, whatever is said to it."""
    port, path, transport = run.where
    session: SseSession | HttpSession
    if transport == "sse":
        session = SseSession(port, path, await connect(port, buffer=SMALL_BUFFER))
        await session.open()
        await session.post(INITIALIZE)
    else:
        session = HttpSession(port, path)
        await session.initialize()
    call = {"name": "big", "arguments": {"size": UNREAD_BYTES}}
    try:
        for id in range(2, 2 + UNREAD_CALLS):
            message = {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call}
            try:
                await (session.post if isinstance(session, SseSession) else session.post_unread)(message)
            except (Refused, Broken, OSError):
                await trio.sleep(0.01)
        await trio.sleep_forever()
    finally:
        session.leave()


async def abandoned(run: Running, count: int = 39, at_once: int = 8) -> None:
    """Sessions opened and abandoned in many ways leave no child, no child's child and no descriptor."""
    own_child = await has_own_child(run)
    await proc.until(lambda: not run.children(), SOON_SECONDS)
    children, files = len(run.children()), proc.files(run.pid)
    await leave_all(run, count, at_once, own_child=own_child)
    await proc.until(lambda: len(run.children()) <= children, GONE_SECONDS)  # a pool's spare ones are others
    left = len(run.children()) - children
    assert left <= 0, f"{left} processes left"
    await proc.until(lambda: proc.files(run.pid) <= files + SPARE_FILES, GONE_SECONDS)
    more = proc.files(run.pid) - files
    assert more <= SPARE_FILES, f"{more} descriptors left"
    async with open_session(*run.where) as session:
        assert (await session.call("echo", value=1))[0] == 1
