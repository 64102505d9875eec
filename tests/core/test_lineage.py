"""How a history that a process holds stands to the one that the store has: each way a store can lose."""

from __future__ import annotations

import pytest

from mapsrv.core.commands import Reapply, SetTitle
from mapsrv.core.lineage import Follows, Parted, WentBack, compare
from mapsrv.core.log import Event, EventLog, Head, Origin
from mapsrv.core.prepared import Answer, Prepared
from mapsrv.core.proposal import Asked, Pending
from mapsrv.core.session import Session, Snapshot
from mapsrv.core.state import MapState
from mapsrv.wire.codec import encode_event

ANA = Origin("model", "ana", "Ana")


def asked(key: str, title: str | None = None) -> Asked:
    return Asked(Prepared(SetTitle(title or key)), ANA, key, f"print {key}", "2026-01-01T00:00:00.000Z")


def grow(session: Session, *keys: str) -> Session:
    for key in keys:
        session.propose(asked(key))
        session.committed(1)
    return session


def of(*keys: str, epoch: str = "e") -> Session:
    return grow(Session(Head.of_epoch(epoch), encode_event), *keys)


def anew(old: Session, epoch: str, *keys: str) -> Session:
    """What the store has after a process began the session anew from `old`."""
    head = Head(epoch, old.head.revision, Head.of_epoch(epoch).hash)
    came_from = (old.head.position, *old.came_from)
    return grow(
        Session(head, encode_event, state=old.state, keys=old.keys.items(), came_from=came_from), *keys
    )


def trimmed(session: Session, most: int) -> Session:
    """The same, of which only the newest events are held."""
    log = EventLog(session.log.base, max_events=most)
    for event in session.log:
        log.append(event)
    return Session(session.head, encode_event, state=session.state, log=log, keys=session.keys.items())


def keys(events: tuple[Event, ...]) -> list[str]:
    return [event.key for event in events]


@pytest.mark.parametrize("theirs", [("a", "b"), ("a", "b", "c")])
def test_what_goes_on_from_ours_is_followed(theirs: tuple[str, ...]) -> None:
    assert compare(of("a", "b"), of(*theirs)) == Follows()


def test_what_has_trimmed_our_place_away_is_followed() -> None:
    assert compare(of("a"), trimmed(of("a", "b", "c", "d"), 2)) == Follows()


def test_a_store_without_the_session_or_with_its_beginning_went_back() -> None:
    ours = of("a", "b", "c")
    for theirs in (None, of(), of("a", "b")):
        assert compare(ours, theirs) == WentBack()
    assert compare(trimmed(ours, 1), of("a")) == WentBack(), "further than we remember"


@pytest.mark.parametrize("theirs", [("a", "x"), ("a", "x", "y"), ("a", "x", "y", "z", "w")])
def test_a_store_that_went_back_and_on_another_way_lacks_what_came_after_the_parting(
    theirs: tuple[str, ...],
) -> None:
    found = compare(of("a", "b", "c"), of(*theirs))
    assert isinstance(found, Parted)
    assert (keys(found.missing), keys(found.others)) == (["b", "c"], list(theirs[1:]))


def test_what_the_other_way_has_under_our_key_is_not_missing() -> None:
    found = compare(of("a", "b", "c"), of("a", "x", "b"))
    assert isinstance(found, Parted) and keys(found.missing) == ["c"] and keys(found.others) == ["x"]
    assert compare(of("a", "b"), of("a", "x", "b")) == Follows()


def test_histories_that_share_nothing_that_is_held_are_told_apart_by_keys() -> None:
    found = compare(of("a", "b"), of("x", "y", "a"))
    assert isinstance(found, Parted) and keys(found.missing) == ["b"]
    assert compare(trimmed(of("a", "b", "c"), 1), trimmed(of("x", "y", "c"), 1)) == Follows()


def test_a_session_begun_anew_lacks_what_its_seeder_had_not_heard() -> None:
    ours = of("a", "b", "c")
    found = compare(ours, anew(of("a", "b"), "new", "x"))
    assert isinstance(found, Parted)
    assert (keys(found.missing), keys(found.others)) == (["c"], ["x"])
    assert compare(ours, anew(ours, "new", "x")) == Follows()
    assert compare(of("a"), anew(ours, "new")) == Follows()
    twice = anew(anew(of("a"), "second"), "third")
    found = compare(of("a", "b"), twice)
    assert isinstance(found, Parted) and keys(found.missing) == ["b"]


def test_a_session_begun_anew_from_another_way_lacks_all_that_its_keys_do_not_name() -> None:
    found = compare(of("a", "b", "c"), anew(of("a", "x"), "new"))
    assert isinstance(found, Parted) and keys(found.missing) == ["b", "c"]


def test_a_session_begun_anew_from_further_on_lacks_what_its_keys_do_not_name() -> None:
    assert compare(of("a"), anew(of("a", "b"), "new")) == Follows()
    found = compare(of("x"), anew(of("a", "b"), "new", "c"))
    assert isinstance(found, Parted)
    assert (keys(found.missing), keys(found.others)) == (["x"], ["c"])


def test_what_a_session_begun_anew_may_have_forgotten_is_not_done_again() -> None:
    forgetful = Head("new", 3, Head.of_epoch("new").hash)
    old = of("a", "b", "c")
    theirs = Session(forgetful, encode_event, keys=[*old.keys.items()][2:], came_from=(old.head.position,))
    assert compare(of("a", "b"), theirs) == Follows()


def test_a_store_from_before_a_session_was_begun_anew_went_back() -> None:
    old = of("a")
    assert compare(anew(old, "new", "b"), old) == WentBack()


def test_what_a_store_has_done_since_it_went_back_comes_with_it() -> None:
    """A process that did not hold the map took what was left: it was told that its command is stored."""
    ours = anew(of("a", "b"), "new", "c")
    for theirs, others in [(of("a"), []), (of("a", "x"), ["x"]), (of("a", "x", "y", "z"), ["x", "y", "z"])]:
        found = compare(ours, theirs)
        assert isinstance(found, WentBack) and keys(found.others) == others
    found = compare(trimmed(of("a", "b", "c", "d"), 1), of("a", "x"))
    assert isinstance(found, WentBack) and keys(found.others) == ["x"], "further than we remember"


def test_what_ours_may_have_forgotten_is_not_taken_for_new() -> None:
    whole = of("a", "b", "c")
    ours = Session(
        Head("new", 3, Head.of_epoch("new").hash),
        encode_event,
        keys=[*whole.keys.items()][2:],
        came_from=(whole.head.position,),
    )
    assert compare(ours, of("a", "b")) == WentBack()


def test_the_layers_that_a_store_lacks_are_told_with_what_it_has_done_since() -> None:
    old = of("a")
    changed = Asked(
        Prepared(SetTitle("b"), answer=Answer(("roads",))), ANA, "b", "print b", "2026-01-01T00:00:00.000Z"
    )
    ours = of("a")
    ours.propose(changed)
    ours.committed(1)
    found = compare(anew(ours, "new"), grow(old, "x"))
    assert isinstance(found, WentBack) and found.touched == {"roads"}


def test_what_ours_has_only_as_a_whole_is_given_back_to_a_store_that_began_before_it() -> None:
    """The store was emptied again and again; one that was away all the time was first to give it its own."""
    old = of("a", "b")
    ours = anew(anew(old, "second", "c"), "third")
    for theirs in (anew(old, "other", "x"), anew(of("a"), "other", "x")):
        found = compare(ours, theirs)
        assert isinstance(found, WentBack) and keys(found.others) == ["x"]
        back = compare(theirs, ours)
        assert isinstance(back, Parted) and keys(back.missing) == ["x"], "of the two it is so for one"
    found = compare(anew(old, "second", "c"), anew(old, "other", "x"))
    assert isinstance(found, Parted) and keys(found.missing) == ["c"]


def test_a_stranger_is_followed() -> None:
    assert compare(of("a"), of("x", epoch="other")) == Follows()


def test_a_branch_goes_on_from_what_is_committed_with_what_is_pending_first() -> None:
    trunk = of("a")
    pending = trunk.propose(asked("b"))
    alone = trunk.branch("alone")
    assert isinstance(pending, Pending) and trunk.has_pending and not alone.has_pending
    assert (alone.head.epoch, alone.head.revision, alone.state.title) == ("alone", 1, "b")
    again = alone.propose(asked("b"))
    assert again.record and again.record.position == alone.head.position  # type: ignore[union-attr]
    assert alone.recall(asked("a").key, asked("a").fingerprint) is not None
    assert isinstance(alone.since(trunk.head.position), Snapshot)
    assert [event.head.position for event in alone.log] == [alone.head.position]


def test_what_is_done_again_keeps_the_answer_that_its_author_has() -> None:
    session, answer = of(), Answer(("lakes",), ("as told",))
    [event] = of("a").log
    command = Reapply(event.ops)
    wanted = Asked(Prepared(command, answer=answer), ANA, "a", event.record.fingerprint, "now")
    done = session.propose(wanted)
    assert isinstance(done, Pending) and done.event.record.answer == answer
    assert isinstance(done.state, MapState) and done.state.title == "a"


def test_two_histories_begun_anew_from_one_are_told_apart_by_keys() -> None:
    first = of("a")
    found = compare(anew(first, "ours", "b"), anew(first, "theirs", "x"))
    assert isinstance(found, Parted)
    assert (keys(found.missing), keys(found.others)) == (["b"], ["x"])
