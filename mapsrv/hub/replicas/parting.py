"""A session leaves the history that all share, to go on alone, and comes back to it; or it is let go."""

from __future__ import annotations

from mapsrv.errors import MapsrvError
from mapsrv.hub.live_session import MEMORY, LiveSession
from mapsrv.hub.problems import Problem
from mapsrv.hub.replicas.offline import Branch, Wanted
from mapsrv.hub.standing import Sign


def go_alone(live: LiveSession, epoch: str) -> None:
    """Go on without the store: what is pending, which may have reached it, comes first.

    `epoch` is random: it names the branch, unless the session is on one.
    """
    live.now(Sign.PARTED)
    pending = live.session.pending
    if live.branch is None:
        live.branch = Branch(live.session, live.around.room)
        live.session = live.session.branch(epoch)
        live.branch.trunk.withdraw()
        live.news.clear()
    else:
        live.session.committed(len(pending))
    live.problems.forget(op for one in pending for op in one.event.ops)
    for one in pending:
        live.branch.add(live.acks.wanted(one))
        live.acks.done(one, MEMORY, live.session.keys[one.event.key].position)
    live.wake()


def rejoin(live: LiveSession) -> None:
    """Come back to the shared history: all that was done alone is decided again on it."""
    assert live.branch is not None and not live.branch
    live.now(Sign.REJOINED)
    branch, live.branch = live.branch, None
    live.session = branch.trunk
    branch.reopen()
    live.wake()
    live.catch_up()


def let_go(live: LiveSession, error: MapsrvError) -> None:
    """Serve it no more: what waits is refused with the error, and its readers leave."""
    live.now(Sign.LET_GO)
    live.gone = error
    live.failed(live.session.pending, error)
    if live.branch is not None:
        branch, live.branch = live.branch, None
        for wanted in branch.oldest(len(branch)):
            refuse(live, wanted, error)
        branch.done(len(branch))
        branch.reopen()
    live.wake()
    live.around.drop(live)


def refuse(live: LiveSession, wanted: Wanted, error: MapsrvError) -> None:
    """Tell its author of a command that could not be kept."""
    refusal = live.rejections.add(wanted, error)
    if wanted.origin.kind != "person":
        layer_id = getattr(wanted.command, "layer_id", getattr(wanted.command, "id", None))
        live.problems.report(Problem(refusal.message, layer_id))
