"""POSTs that land on another pod than their stream's, over mail that is lost, doubled, late, out of order."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from mapsrv.errors import Draining, MapsrvError, NotFound, StoreAway, StoreUnavailable, TooMany
from mapsrv.transports import letters
from mapsrv.transports.letters import Outcome, Request
from mapsrv.transports.relay import ANSWER_SECONDS, MAX_BYTES, MAX_KEPT, MAX_OF_SESSION, PAUSES, Relay

A, B = "a" * 16, "b" * 16
SESSION, OTHER = "1" * 32, "2" * 32


@dataclass
class Post:
    """Every pod's letterbox. `fate(letter)` says after how many seconds each copy comes; (): it is lost."""

    nursery: trio.Nursery
    boxes: dict[str, Relay] = field(default_factory=dict)
    fate: Callable[[bytes], tuple[float, ...]] = lambda body: (0.0,)
    away: bool = False
    posted: list[bytes] = field(default_factory=list)

    async def post(self, pod: str, body: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        if self.away:
            raise StoreAway("It cannot be reached.")
        self.posted.append(body)
        if pod not in self.boxes:
            return False
        for seconds in self.fate(body):
            self.nursery.start_soon(self._bring, pod, body, seconds)
        return True

    async def _bring(self, pod: str, body: bytes, seconds: float) -> None:
        await trio.sleep(seconds)
        if pod in self.boxes:
            self.boxes[pod].hear(body)


@dataclass
class Letterbox:
    """One pod's."""

    office: Post
    pod: str
    on_letter: Callable[[bytes], None] = lambda body: None

    async def post(self, pod: str, body: bytes) -> bool:
        return await self.office.post(pod, body)


class World:
    """Two pods; what each has taken in, by session."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.office = Post(nursery)
        self.nursery = nursery
        self.taken: dict[str, list[bytes]] = {SESSION: [], OTHER: []}
        self.refusal: MapsrvError | None = None
        self.a, self.b = self.start(A), self.start(B)

    def start(self, pod: str) -> Relay:
        relay = self.office.boxes[pod] = Relay(Letterbox(self.office, pod), self.take, self.nursery)
        return relay

    def take(self, session: str, body: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        if session not in self.taken:
            raise NotFound("There is no such session.")
        self.taken[session].append(body)


async def test_what_is_posted_elsewhere_is_taken_in_where_the_session_is(autojump_clock: object) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        for number in range(20):
            await world.a.send(B, SESSION, b"%d" % number)
        assert world.taken[SESSION] == [b"%d" % n for n in range(20)], "those of one client keep their order"
        with pytest.raises(NotFound):
            await world.a.send(B, "3" * 32, b"to one that just ended")
        assert world.a.under_way == 0
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "error",
    [
        TooMany("Wait.", retry_after=7),
        Draining("It stops.", retry_after=2),
        NotFound("Gone."),
        StoreAway("?"),
    ],
)
async def test_a_refusal_reads_as_it_does_at_the_owner(autojump_clock: object, error: MapsrvError) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        world.refusal = error
        with pytest.raises(MapsrvError) as told:
            await world.a.send(B, SESSION, b"{}")
        assert (told.value.status, told.value.code) == (error.status, error.code)
        assert (told.value.message, told.value.retry_after) == (error.message, error.retry_after)
        nursery.cancel_scope.cancel()


async def test_a_pod_that_nobody_hears_is_tried_again_and_is_then_gone(autojump_clock: object) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        began = trio.current_time()
        with pytest.raises(NotFound):
            await world.a.send("c" * 16, SESSION, b"{}")
        assert trio.current_time() - began == pytest.approx(sum(PAUSES))
        assert len(world.office.posted) == 1 + len(PAUSES) and len(set(world.office.posted)) == 1

        async def late() -> None:
            await trio.sleep(sum(PAUSES[:2]))
            world.start("d" * 16)

        nursery.start_soon(late)
        await world.a.send("d" * 16, SESSION, b"{}")
        assert world.taken[SESSION] == [b"{}"]
        nursery.cancel_scope.cancel()


async def test_one_that_is_heard_and_not_answered_is_503_and_says_that_it_may_have_been_taken(
    autojump_clock: object,
) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        world.office.fate = lambda body: ()
        began = trio.current_time()
        with pytest.raises(StoreUnavailable, match="may have taken") as told:
            await world.a.send(B, SESSION, b"{}")
        assert told.value.temporary and trio.current_time() - began == pytest.approx(ANSWER_SECONDS)
        nursery.cancel_scope.cancel()


async def test_without_the_store_there_is_no_mail_and_that_is_said_at_once(autojump_clock: object) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        world.office.away = True
        began = trio.current_time()
        with pytest.raises(StoreUnavailable):
            await world.a.send(B, SESSION, b"{}")
        assert trio.current_time() == began and world.a.under_way == 0
        nursery.cancel_scope.cancel()


async def test_letters_under_way_are_bounded_for_a_session_and_in_bytes(autojump_clock: object) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        world.office.fate = lambda body: ()

        async def lost(session: str, body: bytes) -> None:
            with pytest.raises(StoreUnavailable):
                await world.a.send(B, session, body)

        async with trio.open_nursery() as sending:
            for _ in range(MAX_OF_SESSION):
                sending.start_soon(lost, SESSION, b"{}")
            await trio.sleep(0.1)
            with pytest.raises(TooMany):
                await world.a.send(B, SESSION, b"{}")
            sending.start_soon(lost, OTHER, bytes(MAX_BYTES - 10_000))
            await trio.sleep(0.1)
            with pytest.raises(TooMany):
                await world.a.send(B, "3" * 32, bytes(10_000))
        world.office.fate = lambda body: (0.0,)
        await world.a.send(B, SESSION, b"{}")
        nursery.cancel_scope.cancel()


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b"[" * 5000,
    b'{"format":1}',
    b'{"format":1,"n":-1,"taken":true}',
    b'{"format":1,"n":true,"taken":true}',
    b'{"format":1,"n":1,"taken":false}',
    b'{"format":1,"n":1,"taken":false,"error":{"code":[],"message":1,"retry":"x"}}',
    b'{"format":1,"n":1,"from":"../x","session":"%s","body":"","principal":""}' % SESSION.encode(),
    b'{"format":1,"n":1,"from":"%s","session":5,"body":"","principal":""}' % A.encode(),
    b'{"format":2,"n":1,"taken":true}',
]


@pytest.mark.parametrize("data", DAMAGED)
async def test_a_damaged_letter_or_a_newer_releases_harms_nobody(
    autojump_clock: object, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        world.b.hear(data)
        await world.a.send(B, SESSION, b"{}")
        assert [record.exc_info for record in caplog.records] == [None] and SESSION not in caplog.text
        nursery.cancel_scope.cancel()


@given(st.binary(max_size=200))
def test_garbage_raises_our_error_alone(data: bytes) -> None:
    with pytest.raises(ValueError):
        letters.from_bytes(data)


@given(
    st.integers(0, 2**53 - 1),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 99)),
)
def test_a_letter_says_what_was_written(number: int, text: str, taken: bool, retry: int | None) -> None:
    request = Request(A, number, SESSION, text, text)
    assert letters.from_bytes(letters.to_bytes(request)) == request
    error = None if taken else TooMany(text, retry_after=retry)
    told = letters.from_bytes(letters.to_bytes(Outcome(number, error)))
    assert isinstance(told, Outcome) and told.number == number
    assert (told.error is None) is taken
    if told.error is not None:
        assert (told.error.code, told.error.message, told.error.retry_after) == ("too_many", text, retry)


async def test_a_fault_of_the_owner_ends_nothing(
    autojump_clock: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: str, body: bytes) -> None:
        raise RuntimeError("a fault")

    async with trio.open_nursery() as nursery:
        world = World(nursery)
        box = Letterbox(world.office, "e" * 16)
        world.office.boxes[box.pod] = Relay(box, broken, nursery)
        with pytest.raises(StoreUnavailable):
            await world.a.send(box.pod, SESSION, b"{}")
        assert caplog.records[0].levelno == logging.ERROR and SESSION not in caplog.text
        nursery.cancel_scope.cancel()


async def test_what_an_owner_keeps_is_bounded(autojump_clock: object) -> None:
    async with trio.open_nursery() as nursery:
        world = World(nursery)
        for number in range(3 * MAX_KEPT):
            world.b.hear(letters.to_bytes(Request(A, number, SESSION, "{}")))
        assert len(world.taken[SESSION]) == 3 * MAX_KEPT
        world.b.hear(letters.to_bytes(Request(A, 3 * MAX_KEPT - 1, SESSION, "{}")))
        assert len(world.taken[SESSION]) == 3 * MAX_KEPT, "the newest are known"
        nursery.cancel_scope.cancel()


fates = st.lists(st.sampled_from([0.0, 0.0, 0.001, 0.3, 1.0, 1.9, 5.0]), max_size=3).map(tuple)
posts = st.lists(
    st.tuples(st.sampled_from([SESSION, OTHER, "3" * 32]), st.sampled_from([A, B]), st.floats(0, 2)),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(posts, st.lists(fates, max_size=60), st.floats(0, 4), st.booleans())
def test_taken_in_at_most_once_and_202_only_after_it(
    planned: list[tuple[str, str, float]], drawn: list[tuple[float, ...]], ends: float, restarts: bool
) -> None:
    """Letters are lost, doubled, late, out of order, and the owner may end; each message says who it is."""
    trio.run(_check_laws, planned, drawn, ends, restarts, clock=MockClock(autojump_threshold=0))


async def _check_laws(
    planned: list[tuple[str, str, float]], drawn: list[tuple[float, ...]], ends: float, restarts: bool
) -> None:
    accepted: list[tuple[str, bytes]] = []
    async with trio.open_nursery() as nursery:
        world, rest = World(nursery), iter(drawn)
        world.office.fate = lambda body: next(rest, (0.0,))

        async def post(number: int, session: str, pod: str, seconds: float) -> None:
            await trio.sleep(seconds)
            body = json.dumps({"to": session, "number": number}).encode()
            try:
                await (world.a if pod == B else world.b).send(pod, session, body)
            except MapsrvError as error:
                assert isinstance(error, (NotFound, StoreUnavailable)), error
                return
            assert body in world.taken[session], "202 only after it was taken in"
            accepted.append((session, body))

        async def end() -> None:
            await trio.sleep(ends)
            del world.office.boxes[B]
            if restarts:
                world.start(B)

        async with trio.open_nursery() as sending:
            sending.start_soon(end)
            for number, plan in enumerate(planned):
                sending.start_soon(post, number, *plan)
        await trio.sleep(20)
        # A pod that begins anew knows nothing of what the one before it took; its name would be another.
        for session, bodies in world.taken.items():
            assert restarts or len(set(bodies)) == len(bodies), "taken in at most once"
            assert all(json.loads(body)["to"] == session for body in bodies), "never to another session"
        assert world.a.under_way == 0
        nursery.cancel_scope.cancel()


def test_the_kinds_of_refusal_that_a_session_gives_are_known_on_the_way() -> None:
    for kind in (TooMany, NotFound, Draining):
        told: Any = letters.from_bytes(letters.to_bytes(Outcome(1, kind("why"))))
        assert type(told.error) is kind
