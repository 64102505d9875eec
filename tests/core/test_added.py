"""A layer says who added it and when: noted by the session as it accepts it, never by decide()."""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core.commands import AddLayer, Command, Reapply, SetLayerDetails, SetTitle, UpdateFeatures
from mapsrv.core.log import Head, Origin
from mapsrv.core.prepared import Prepared
from mapsrv.core.proposal import Asked, Pending, Settled
from mapsrv.core.session import Session
from mapsrv.core.state import Added, MapState
from mapsrv.wire.codec import encode_event

SOURCE = {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}
OTHER = {**SOURCE, "promoteId": "mapsrv:id"}
STOPS = AddLayer("stops", SOURCE, "vector", ({"id": "stops", "type": "circle"},))
ANA = Origin("person", "p1", "Ana")
MODEL = Origin("model", "m1", "Model")


def done(session: Session, wanted: Command, origin: Origin, at: str) -> Pending | Settled:
    """What comes of a command, committed."""
    proposal = session.propose(Asked(Prepared(wanted), origin, f"{at} {origin.id}", at, at))
    if isinstance(proposal, Pending):
        session.committed(1)
    assert isinstance(proposal, (Pending, Settled))
    return proposal


def session_of(state: MapState | None = None) -> Session:
    return Session(Head.of_epoch("e"), encode_event, state=state)


def added(session: Session) -> Added | None:
    return session.state.layers["stops"].added


def test_a_layer_says_by_whom_it_was_added_until_it_is_replaced() -> None:
    session = session_of()
    done(session, STOPS, MODEL, "t1")
    assert added(session) == Added("model", "Model", "t1")
    done(session, SetLayerDetails("stops", title="Stops"), ANA, "t2")
    done(session, UpdateFeatures("stops", source=OTHER), ANA, "t3")
    assert added(session) == Added("model", "Model", "t1")
    done(session, STOPS, ANA, "t4")
    assert added(session) == Added("person", "Ana", "t4")


def test_it_is_in_the_event_so_that_every_replay_says_the_same() -> None:
    session = session_of()
    proposal = done(session, STOPS, MODEL, "t1")
    assert isinstance(proposal, Pending)
    assert b'"added":{"kind":"model","name":"Model","at":"t1"}' in proposal.event.body


def test_the_same_layer_added_again_changes_nothing_and_nobody_is_noted() -> None:
    session = session_of()
    done(session, STOPS, MODEL, "t1")
    assert isinstance(done(session, STOPS, ANA, "t2"), Settled)
    assert added(session) == Added("model", "Model", "t1")


def test_of_a_layer_of_before_nothing_is_said_whatever_becomes_of_its_features() -> None:
    drawn = session_of()
    done(drawn, STOPS, MODEL, "t1")
    old = replace(drawn.state.layers["stops"], added=None)
    session = session_of(MapState().with_layers([old]))
    done(session, UpdateFeatures("stops", source=OTHER), ANA, "t2")
    assert added(session) is None and "added" not in session.state.layers["stops"].to_json()


def test_what_is_done_again_after_an_outage_keeps_its_author_and_time() -> None:
    alone = session_of()
    proposal = done(alone, STOPS, ANA, "t1")
    assert isinstance(proposal, Pending)
    trunk = session_of()
    done(trunk, Reapply(proposal.event.ops), MODEL, "t9")
    assert added(trunk) == Added("person", "Ana", "t1")


def test_the_log_is_read_from_its_end() -> None:
    session = session_of()
    for at in ("t1", "t2", "t3"):
        done(session, SetTitle(at), ANA, at)
    assert [event.head.revision for event in session.log.newest()] == [3, 2, 1]
