"""What must hold once all faults have ended and some time has passed."""

from __future__ import annotations

from mapsrv.core.log import EventLog
from mapsrv.hub.live_session import MAX_NEWS, LiveSession
from mapsrv.hub.replicas.offline import MAX_BYTES, MAX_COMMANDS
from mapsrv.hub.replicas.rejected import MAX_REFUSALS
from mapsrv.hub.standing import Standing
from mapsrv.wire.codec import state_bytes
from tests.hub.kit.world import Pod, Told, World, many


def check(world: World) -> None:
    """Raise AssertionError for any law that does not hold."""
    assert not world.writing, "every command is answered"
    refused = {key for viewer in world.viewers for key in viewer.refused}
    gone = [name for name in world.sessions if name not in world.shared.sessions]
    for pod in world.living:
        _check_buffers(pod, gone)
        for live in pod.hub.held().values():
            check_log(live.session.log)
            refused |= {f"{one.id} {one.author[0]}:{one.author[1]}" for one in live.rejections.held}
    for session_id in world.sessions:
        if session_id in gone:
            _may_be_lost(world, session_id)
            continue
        _check_agreement(world, session_id)
    for name, told in world.ledger.items():
        _check_told(world, name, told, refused)


def _check_agreement(world: World, session_id: str) -> None:
    stored = world.shared.sessions[session_id]
    position, node = str(stored.head.position), world.shared.history.at(stored.head)
    assert set(node.keys) <= set(stored.keys), "what was done is remembered by its key"
    for pod in world.living:
        live = pod.hub.held().get(session_id)
        if live is not None:
            assert not live.alone and live.branch is None, "it has come back"
            assert live.session.head == stored.head, "all pods are where the store is"
            assert state_bytes(live.state) == state_bytes(node.state), "a state is the fold of its log"
            assert {**live.session.keys}.keys() == stored.keys.keys()
    for viewer in world.viewers:
        if viewer.session_id == session_id and world.living:
            assert str(viewer.cursor) == position, "all viewers are where the store is"
            assert state_bytes(viewer.state) == state_bytes(node.state)
            assert (viewer.status["durability"], viewer.status["pending"]) == ("redis", 0)


def _may_be_lost(world: World, name: str) -> None:
    """A thing that is nowhere was lost by the store, and with the last pod that had it.

    Or it was lost once more while the pods stood apart: what began anew then is gone with its log, and
    another pod began anew from what it had.
    """
    losses = [loss for loss in world.losses if name in loss.keys]
    assert losses, f"nobody lost it, and it is gone: {name}"
    if any(name.split()[0] in loss.apart for loss in world.losses):
        return
    alive = [pod.number for pod in losses[-1].keys[name] if pod.alive]
    assert not alive, f"pods {alive} had it all the time, and it is gone: {name}"


def _check_told(world: World, name: str, told: Told, refused: set[str]) -> None:
    stored = world.shared.sessions.get(told.session_id)
    done = stored is not None and told.key in world.shared.history.at(stored.head).keys
    assert len(told.answers) <= 1 or told.key in refused, "a key is answered alike"
    if done:
        known = bool(told.durability) or told.in_doubt
        assert known, f"what was refused is not done: {told.key} {told.refused}"
        return
    if not told.durability or told.key in refused:
        return
    if any(name in loss.keys for loss in world.losses):
        _may_be_lost(world, name)
    else:
        assert "redis" not in told.durability, f"stored, never lost, and not there: {told.key}"
    if told.durability == {"memory"}:
        alive = [pod.number for pod in told.pods if pod.alive]
        assert not alive, f"kept in the memory of {alive}, and neither done nor refused: {told.key}"


def _check_buffers(pod: Pod, gone: list[str]) -> None:
    hub = pod.hub
    assert (hub.room.commands, hub.room.bytes) == (MAX_COMMANDS, MAX_BYTES), "all room is free again"
    replicas = many(hub)
    assert not hub.committer.due and replicas.healer.idle
    assert replicas.replication.early.keys() <= hub.cache.loading.keys()
    assert hub.cache.loading.keys() <= set(gone), "only for what is gone is still asked"
    for live in hub.held().values():
        _check_quiet(live)


def _check_quiet(live: LiveSession) -> None:
    assert live.standing is Standing.IN_STEP and not live.session.has_pending
    assert not (live.queues or live.acks), "nobody waits, and nothing is kept for them"
    assert len(live.news) <= MAX_NEWS and len(live.rejections.held) <= MAX_REFUSALS


def check_log(log: EventLog) -> None:
    """One event follows the other."""
    head = log.base
    for event in log:
        head = head.next(event.key, event.body)
        assert head == event.head
    assert head == log.head
