"""Laws of the Session, over random histories of two processes that share one store."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core.apply import apply_all
from mapsrv.core.commands import RemoveLayer, SetTitle, ToggleLayer
from mapsrv.core.log import MAX_KEYS, Event, EventLog, Head, OutOfStep, Position
from mapsrv.core.prepared import Answer, Prepared
from mapsrv.core.proposal import Absorbed, Asked, Pending, Settled, Stale
from mapsrv.core.session import NOTHING_CHANGED, Replay, Session, Snapshot
from mapsrv.core.state import MapState
from mapsrv.errors import KeyReused, UnknownLayer
from mapsrv.wire.codec import decode_event, encode_event
from tests.core.kit.maps import add_layer, as_asked, asked


@dataclass
class World:
    """Two sessions over one list of events, which is the store."""

    rng: random.Random
    store: list[Event] = field(default_factory=list)
    seen: list[tuple[Position, MapState]] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        head = Head.of_epoch("abc")
        self.sessions = [Session(head, encode_event), Session(head, encode_event)]

    def step(self) -> None:
        session = self.rng.choice(self.sessions)
        act = self.rng.choice([self.propose, self.propose, self.propose, self.commit, self.fail, self.absorb])
        act(session)
        self.seen.append((session.head.position, session.state))

    def propose(self, session: Session) -> None:
        self.asked += self.rng.random() < 0.9
        proposal = session.propose(asked(self.rng, session.proposed, f"k{self.asked}"))
        if isinstance(proposal, Settled) and proposal.record is None:
            assert proposal.after is (session.pending[-1] if session.pending else None) or "another" in str(
                proposal
            )

    def commit(self, session: Session) -> None:
        """The store takes some of the oldest, but only on its own head."""
        count = self.rng.randint(0, len(session.pending))
        if len(self.store) != session.head.revision:
            self.absorb(session)
            return
        share = [pending.event for pending in session.pending[:count]]
        self.store.extend(share)
        if self.rng.random() < 0.3:
            return  # the answer was lost: it comes back by absorb, and must count as ours
        assert session.committed(count) == tuple(share)

    def fail(self, session: Session) -> None:
        session.withdraw()
        assert session.proposed is session.state

    def absorb(self, session: Session) -> None:
        own = {pending.event.key for pending in session.pending}
        missing = self.store[self.rng.randint(0, session.head.revision) :]
        result = session.absorb([_from_the_wire(event) for event in missing])
        keys = [pending.event.key for pending in (*result.committed, *result.withdrawn)]
        assert sorted(keys) == sorted(own) and not session.pending


def _from_the_wire(event: Event) -> Event:
    return Event(event.head, event.key, event.body, decode_event(event.body)[2], event.record)


@given(st.randoms(use_true_random=False), st.integers(1, 60))
@settings(deadline=None, max_examples=120)
def test_any_interleaving_leaves_memory_equal_to_the_store(rng: random.Random, steps: int) -> None:
    world = World(rng)
    for _ in range(steps):
        world.step()
    for session in world.sessions:
        session.absorb([_from_the_wire(event) for event in world.store])
        folded = apply_all(MapState(), [op for event in world.store for op in decode_event(event.body)[2]])
        assert session.state.to_json() == folded.to_json()
        assert session.head.revision == len(world.store)
    assert world.sessions[0].head == world.sessions[1].head
    keys = [event.key for event in world.store]
    assert len(keys) == len(set(keys)), "a key is done at most once"
    for position, state in world.seen:
        _resume(world.sessions[0], position, state)


def _resume(session: Session, position: Position, state: MapState) -> None:
    found = session.since(position)
    assert isinstance(found, Replay)
    ops = [op for event in found.events for op in decode_event(event.body)[2]]
    assert apply_all(state, ops).to_json() == session.state.to_json()


@given(st.randoms(use_true_random=False), st.text(max_size=40))
@settings(deadline=None, max_examples=60)
def test_a_position_of_another_history_never_gives_a_replay(rng: random.Random, text: str) -> None:
    one, other = Session(Head.of_epoch("e"), encode_event), Session(Head.of_epoch("e"), encode_event)
    for session in (one, other):
        for number in range(4):
            session.propose(asked(rng, session.proposed, f"{id(session)}{number}"))
        session.committed(len(session.pending))
    for event in other.since(other.since(None).position).events:  # type: ignore[union-attr]
        raise AssertionError(event)
    replay = other.since(Head.of_epoch("e").position)
    assert isinstance(replay, Replay)
    for event in replay.events:
        assert isinstance(one.since(event.head.position), Snapshot)
    parsed = Position.parse(text)
    assert parsed is None or isinstance(one.since(parsed), Snapshot)


def _named(title: str, key: str = "k", who: str = "ana") -> Asked:
    return as_asked(SetTitle(title), key, who)


def _recalled(session: Session, asked: Asked) -> Pending | Settled | None:
    return session.recall(asked.key, asked.fingerprint)


def test_a_retry_while_pending_waits_for_the_same_one_and_later_gets_the_same_answer() -> None:
    session = Session(Head.of_epoch("e"), encode_event)
    first = session.propose(_named("One"))
    assert isinstance(first, Pending)
    assert session.propose(_named("One")) is first
    session.committed(1)
    again = session.propose(_named("One"))
    assert isinstance(again, Settled) and again.record == first.event.record
    other = session.propose(_named("Two"))
    assert isinstance(other, Settled) and isinstance(other.result, KeyReused)
    assert isinstance(session.propose(_named("Two", who="bob")), Pending), "keys are scoped to the author"


def test_an_answer_without_effect_waits_for_what_it_was_decided_on() -> None:
    session = Session(Head.of_epoch("e"), encode_event)
    first = session.propose(_named("One"))
    same = session.propose(_named("One", "k2"))
    assert isinstance(same, Settled) and same.after is first
    assert same.result == Answer(warnings=(NOTHING_CHANGED,))
    refused = session.propose(as_asked(RemoveLayer("x"), "k3"))
    assert (
        isinstance(refused, Settled) and isinstance(refused.result, UnknownLayer) and refused.after is first
    )
    session.committed(1)
    assert session.propose(_named("One", "k2")) == Settled(same.result)


def test_a_command_whose_layer_changed_meanwhile_is_prepared_again() -> None:
    rng = random.Random(1)
    session = Session(Head.of_epoch("e"), encode_event)
    session.propose(as_asked(replace(add_layer(rng), id="a", below=None, style_layers=()), "k"))
    layer = session.proposed.layers["a"]
    toggle = ToggleLayer("a")
    for relied, expected in (({"a": layer}, Pending), ({"a": layer}, Stale), ({"b": None}, Pending)):
        wanted = as_asked(toggle, f"{relied}{expected}", prepared=Prepared(toggle, relied))
        assert isinstance(session.propose(wanted), expected)


def test_events_that_do_not_chain_are_not_absorbed() -> None:
    one, other = (Session(Head.of_epoch("e"), encode_event) for _ in range(2))
    for number in range(3):
        one.propose(_named(str(number), str(number)))
        other.propose(_named(f"other {number}", str(number)))
    ours, theirs = one.committed(3), other.committed(3)
    for events in (theirs, theirs[1:]):
        with pytest.raises(OutOfStep):
            one.absorb(events)
    fresh = Session(Head.of_epoch("e"), encode_event)
    with pytest.raises(OutOfStep):
        fresh.absorb(ours[1:])
    assert fresh.absorb(ours) == Absorbed((), ()) and fresh.head == one.head
    assert fresh.absorb(ours) == Absorbed((), ())


def test_a_reader_that_falls_out_of_the_ring_gets_a_snapshot() -> None:
    head = Head.of_epoch("e")
    session = Session(head, encode_event, log=EventLog(head, max_events=2))
    for number in range(3):
        session.propose(_named(str(number), str(number)))
    first, second, third = session.committed(3)
    assert isinstance(session.since(head.position), Snapshot)
    assert session.since(first.head.position) == Replay((second, third))
    assert session.since(third.head.position) == Replay(())
    small = EventLog(head, max_bytes=1)
    small.append(first)
    assert small.after(head.position) is None and small.after(first.head.position) == ()


def test_only_the_newest_keys_are_kept() -> None:
    head = Head.of_epoch("e")
    event = Session(head, encode_event)
    pending = event.propose(_named("x"))
    assert isinstance(pending, Pending)
    many = ((f"{number} model:ana", pending.event.record) for number in range(MAX_KEYS))
    session = Session(head, encode_event, keys=many)
    session.propose(_named("y", "new"))
    session.committed(1)
    assert _recalled(session, _named("x", "0")) is None
    assert _recalled(session, _named("x", "1")) is not None


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.1", "a.1.c.d", "a.x.c", "a.-1.c", "a.².", "a." + "9" * 30 + ".c"]
)
def test_a_malformed_position_is_none(text: str) -> None:
    assert Position.parse(text) is None
    assert str(Position.parse("ab.7.01234567")) == "ab.7.01234567"
