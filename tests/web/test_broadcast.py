"""Whatever happens in whatever order, a seat is sent the bytes that take() by cursor gives, and only its own.

Beside each reader a second one, its shadow, takes at the very moments at which something is taken or written
for the first; it never sits. What the reader's socket got is what its shadow took, whole and in order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin, Position
from mapsrv.errors import InvalidArgument
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.offline import Wanted
from mapsrv.hub.seats import Seat
from mapsrv.hub.subscribers import Subscriber
from mapsrv.store.memory import MemoryStore
from mapsrv.web.outgoing import run_seated
from mapsrv.web.stream import Stream
from mapsrv.web.streams import Streams
from tests.kit.sse import Parser

ANA = Origin("model", "ana", "Ana")


class Peer:
    """A reader's end. `room`: how many bytes it takes before it blocks; None: all."""

    def __init__(self, number: int) -> None:
        self.number, self.chunked = number, bool(number % 3)
        self.room: int | None = None
        self.got = b""
        self.waiting = 0  # bytes that its task holds
        self.free, self.left = trio.Event(), trio.Event()

    def block(self, room: int) -> None:
        if self.room is None:
            self.free = trio.Event()
        self.room = room

    def unblock(self) -> None:
        self.room = None
        self.free.set()

    def write_nowait(self, data: bytes) -> int:
        if self.left.is_set():
            raise trio.BrokenResourceError
        taken = len(data) if self.room is None else min(self.room, len(data))
        self.got += data[:taken]
        if self.room is not None:
            self.room -= taken
        return taken

    async def write(self, data: bytes) -> None:
        self.waiting = len(data)
        data = data[self.write_nowait(data) :]
        while data:
            await self.free.wait()  # or until it is cut
            data = data[self.write_nowait(data) :]
        self.waiting = 0

    async def send(self, message: Any) -> None:
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and (body or not message.get("more_body")):
            try:
                await self.write(self.framed(body))
            except trio.BrokenResourceError:
                self.left.set()  # as a server does: it is told by gone()

    def framed(self, body: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(body), body) if self.chunked else body

    async def gone(self) -> None:
        await self.left.wait()

    @property
    def body(self) -> bytes:
        """What it got, without the frames; of a chunk that is not whole, what there is."""
        body, rest = b"", self.got
        while self.chunked and rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16) if rest or self.got.endswith(b"\r\n") else 0
            body, rest = body + rest[:length], rest[length + 2 :]
        return body if self.chunked else self.got


class Reader:
    """One stream with its peer and its shadow."""

    def __init__(
        self, hub: Hub, streams: Streams, session_id: str, number: int, cursor: Position | None
    ) -> None:
        self.peer, self.author = Peer(number), ("person", f"p{number % 4}")
        self.url = f"http://h/{number}/"
        self.meant = b""
        self._hub, self._streams = hub, streams
        self.stream = Stream(
            streams,
            lambda: hub.subscribe(
                session_id, cursor, viewer=f"v{number}", name="", url=self.url, author=self.author
            ),
        )

    async def run(self) -> None:
        await run_seated(self.stream, self.peer, self.peer.send)


class Shadows:
    """Takes beside each subscriber what that takes, and beside each seat what is written to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.of: dict[int, Subscriber] = {}
        self.taken: dict[str, bytes] = {}
        self.kept: list[Any] = []  # so that no id is used twice
        self.within = False  # take() calls rest()
        take, rest, sit, write = Subscriber.take, Subscriber.rest, Subscriber.sit, Seat.write

        def shadow_of(one: Subscriber) -> Subscriber:
            if id(one) not in self.of:
                self.of[id(one)] = Subscriber(one.live, one.cursor, one._url, one._author)
                self.kept.append(one)
            return self.of[id(one)]

        def alike(method: Any, one: Subscriber) -> bytes | None:
            if self.within or one in self.of.values():
                return method(one)
            self.within, shadow = True, shadow_of(one)
            found = method(one)
            assert method(shadow) == found
            self.within = False
            self.note(one._url, found or b"")
            return found

        def also_sit(one: Subscriber, outlet: Any, lost: Any) -> Seat:
            seat = sit(one, outlet, lost)
            assert alike(take, shadow_of(one)) is None, "it sits when all is taken"
            self.of[id(seat)] = shadow_of(one)
            self.kept.append((seat, one._url))
            return seat

        def also_write(seat: Seat, data: bytes, chunked: bytes) -> None:
            shadow, meant = self.of[id(seat)], b""
            while len(meant) < len(data):
                meant += take(shadow) or pytest.fail("more was written than there is to take")
            assert meant == data
            self.note(shadow._url, data)
            write(seat, data, chunked)

        patch.setattr(Subscriber, "take", lambda one: alike(take, one))
        patch.setattr(Subscriber, "rest", lambda one: alike(rest, one))
        patch.setattr(Subscriber, "sit", also_sit)
        patch.setattr(Seat, "write", also_write)

    def note(self, url: str, data: bytes) -> None:
        self.taken[url] = self.taken.get(url, b"") + data


class World:
    def __init__(
        self, nursery: trio.Nursery, hub: Hub, session_id: str, live: LiveSession, seed: int
    ) -> None:
        self.nursery, self.hub, self.session_id, self.live = nursery, hub, session_id, live
        self.rng = random.Random(seed)
        self.streams = Streams(hub, per_session=1_000)
        self.readers: list[Reader] = []
        self.positions: list[Position | None] = [None]

    async def commit(self) -> None:
        size = self.rng.choice([3, 3, 3, 5_000, 9_000])
        for _ in range(self.rng.choice([1, 1, 1, 4])):
            title = str(self.rng.random()).ljust(min(size, 200), "x")
            await self.hub.execute(self.session_id, SetTitle(title), ANA)
        self.positions.append(self.live.position)

    async def presence(self) -> None:
        viewer = f"v{self.rng.randrange(9)}"
        self.live.presence.told(viewer, {"pointing": {"lng": self.rng.random(), "lat": 1.0}})

    async def refuse(self) -> None:
        number = self.rng.randrange(4)
        origin = Origin("person", f"p{number}", "")
        wanted = Wanted(SetTitle("x"), origin, f"{self.rng.random()} {origin.kind}:{origin.id}", "", "", 1)
        self.live.rejections.add(wanted, InvalidArgument(f"of p{number} alone"))
        self.live.wake()

    async def join(self) -> None:
        cursor = self.rng.choice([*self.positions[-3:], Position.parse("abc.3.00000000")])
        reader = Reader(self.hub, self.streams, self.session_id, len(self.readers), cursor)
        self.readers.append(reader)
        self.nursery.start_soon(reader.run)

    async def block(self) -> None:
        if self.readers:
            self.rng.choice(self.readers).peer.block(self.rng.choice([0, 1, 50, 700]))

    async def unblock(self) -> None:
        if self.readers:
            self.rng.choice(self.readers).peer.unblock()

    async def leave(self) -> None:
        if self.readers:
            peer = self.rng.choice(self.readers).peer
            peer.left.set()
            peer.free.set()

    async def drain(self) -> None:
        if self.readers:
            self.rng.choice(self.readers).stream.leave("stopping", (1, 2))

    async def rest(self) -> None:
        await trio.sleep(self.rng.choice([0.0, 0.1, 1.0]))


STEPS = [
    "commit",
    "commit",
    "commit",
    "presence",
    "refuse",
    "join",
    "join",
    "block",
    "unblock",
    "leave",
    "drain",
    "rest",
]


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=40), st.integers(0, 1 << 30))
@settings(deadline=None, max_examples=150)
def test_a_seat_gets_what_take_gives_and_nothing_of_another(steps: list[str], seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        trio.run(_live_through, patch, steps, seed, clock=trio.testing.MockClock(autojump_threshold=0))


async def _live_through(patch: pytest.MonkeyPatch, steps: list[str], seed: int) -> None:
    shadows = Shadows(patch)
    async with open_hub(MemoryStore(), max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        session_id = await hub.create_session()
        async with hub.open_session(session_id) as live, trio.open_nursery() as nursery:
            world = World(nursery, hub, session_id, live, seed)
            for step in ["join", "join", *steps]:
                await getattr(world, step)()
                if world.rng.random() < 0.5:
                    await trio.sleep(world.rng.choice([0.0, 0.0, 0.6]))
            for reader in world.readers:
                reader.peer.unblock()
            await trio.sleep(3)
            for reader in world.readers:
                _check(world, reader, shadows.taken.get(reader.url, b""))
            for reader in world.readers:
                reader.peer.left.set()
        assert not len(world.streams) and not live.seats and not live.streams


def _check(world: World, reader: Reader, meant: bytes) -> None:
    got = reader.peer.body
    _retry, _, got = got.partition(b"\n\n")
    drained = got.endswith(b"data: {}\n\n")
    if drained:
        got = got[: got.rindex(b"event: drain")]
    if reader.peer.left.is_set():
        assert meant.startswith(got)
    else:
        assert got == meant
        if not drained:
            assert (
                reader.stream.seat is not None
                and reader.stream.seat.mark is world.live.seats.mark
                or (world.live.rejections.of(reader.author))
            )
    for message in Parser().feed(got):
        if message.event == "snapshot":
            assert reader.url.encode() in message.data
        if message.event == "status":
            others = {b"of p%d alone" % n for n in range(4)} - {f"of {reader.author[1]} alone".encode()}
            assert not any(other in message.data for other in others)


async def test_who_reads_nothing_delays_nobody_and_holds_one_take(autojump_clock: object) -> None:
    async with open_hub(MemoryStore(), max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        session_id = await hub.create_session()
        async with hub.open_session(session_id) as live, trio.open_nursery() as nursery:
            world = World(nursery, hub, session_id, live, 1)
            for _ in range(500):
                await world.join()
            await trio.sleep(2)
            stalled = world.readers[250].peer
            stalled.block(10)
            for number in range(300):
                await hub.execute(session_id, SetTitle(f"{number} {'x' * 100}"), ANA)
                await trio.testing.wait_all_tasks_blocked()
                at = str(live.position).encode()
                late = [one.peer.number for one in world.readers if not one.peer.got.rstrip().count(at)]
                assert late == [250], "all others have it"
            assert 0 < stalled.waiting < 2_000
            stalled.unblock()
            await trio.testing.wait_all_tasks_blocked()
            assert str(live.position).encode() in stalled.got
            for reader in world.readers:
                reader.peer.left.set()
