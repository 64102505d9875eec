"""One stdio server as it is served: its sessions, each with its port at a child, within bounds.

A session ends with its own child, when its client says so, when it is idle for long, or when its last
reader has been away for longer than one who lost the connection needs to come back.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from functools import partial

import trio

from mapsrv.bridge.children.reaper import Reaper
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.multiplexer.tool_filter import Tools
from mapsrv.bridge.revisions import LegacyClient
from mapsrv.bridge.revisions.input_required import InputRequired
from mapsrv.bridge.sessions.child_factory import ChildFactory
from mapsrv.bridge.sessions.health import Health
from mapsrv.bridge.sessions.per_session import OwnChildren
from mapsrv.bridge.sessions.session import Session
from mapsrv.bridge.sessions.shared_child import SharedChild
from mapsrv.bridge.sessions.shared_port import SharedPort
from mapsrv.bridge.sessions.stateless_child import StatelessChild
from mapsrv.bridge.settings import Limits, Mode
from mapsrv.bridge.specs import Spec, command_of
from mapsrv.errors import MapsrvError, NotFound, TooMany

SWEEP_SECONDS = 300.0  # at most; where sessions end sooner they are looked at four times as often

log = logging.getLogger("mapsrv.bridge")


class Service:
    """run_service() makes it, and runs what it needs in `nursery`."""

    def __init__(self, factory: ChildFactory, mode: Mode, limits: Limits, nursery: trio.Nursery) -> None:
        self.factory, self.mode, self.limits = factory, mode, limits
        self.sessions: dict[str, Session] = {}
        self._over = False  # a request may still hold on to a server that is no more served
        self.shared = SharedChild(factory, nursery) if mode == "shared" else None
        self.own = OwnChildren(factory, nursery, limits.spare if mode == "pool" else 0)
        self.health = Health(factory, self.shared)
        self.pending_input = InputRequired()
        self._nursery = nursery
        self._stateless_child: StatelessChild | None = None

    @property
    def name(self) -> str:
        """The server's name."""
        return self.factory.name

    async def open(self, client: str | None, linger: float) -> Session:
        """Return a new session, which stays for so long when nobody reads or calls.

        `client` is whom it counts for; None: for nobody (mapsrv/asgi/caller.py).

        Raises TooMany, or ChildEnded where it can have no child.
        """
        self._check_not_over()
        self._check_room(client)
        session = Session(client, linger, self.limits.unread)
        session.port = LegacyClient(partial(self._join, session), session.deliver, self._nursery)
        self.sessions[session.id] = session
        await trio.lowlevel.checkpoint()
        return session

    def _join(self, session: Session, deliver: Deliver) -> ClientPort:
        if self.shared is not None:
            return SharedPort(self.shared, deliver)  # whose next child goes on with the session
        return self.own.join(deliver, partial(self._forget, session))

    def get(self, session_id: str) -> Session:
        """Return a session. Raises NotFound, which has clients initialize anew."""
        session = self.sessions.get(session_id)
        if session is None:
            raise NotFound("There is no such session here (any more). Initialize again.")
        return session

    def end(self, session: Session) -> None:
        """End a session, as its client asked."""
        self._forget(session)

    def stateless_child(self) -> StatelessChild:
        """Return the child that callers without sessions share; where sessions do, it is theirs too."""
        self._check_not_over()
        if self._stateless_child is None:
            if self.shared is not None:
                self._stateless_child = StatelessChild(self.shared)
            else:
                self._stateless_child = StatelessChild(SharedChild(self.factory, self._nursery))
                self._nursery.start_soon(self._stateless_child.run)
        return self._stateless_child

    def _check_not_over(self) -> None:
        if self._over:
            raise NotFound("This server is no more served, or has just changed. Try again.")

    def _check_room(self, client: str | None) -> None:
        if len(self.sessions) >= self.limits.sessions:
            raise TooMany(
                f"{self.limits.sessions} sessions are open, and more are not taken.", retry_after=10
            )
        if client is None:
            return
        own = Counter(session.client for session in self.sessions.values())[client]
        if own >= self.limits.sessions_a_client:
            raise TooMany(
                f"You have {own} sessions open: end some (DELETE, or close the stream).", retry_after=10
            )

    def _forget(self, session: Session, error: MapsrvError | None = None) -> None:
        self.sessions.pop(session.id, None)
        session.end(error)

    async def sweep(self) -> None:
        """End the sessions that nobody uses, for ever; when cancelled, all."""
        pause = min(SWEEP_SECONDS, self.limits.idle / 4, self.limits.resume / 4)
        try:
            while True:
                await trio.sleep(pause)
                self._end_unused()
        finally:
            self._over = True
            for session in list(self.sessions.values()):
                self._forget(session)

    def _end_unused(self) -> None:
        now = trio.current_time()
        for session in list(self.sessions.values()):
            if not session.readers and now - session.used_at > session.linger:
                log.info("%s: a session ends that nobody used for %g s", self.name, session.linger)
                self._forget(session)
        self.pending_input.sweep()
        stateless_child = self._stateless_child
        if (
            stateless_child is not None
            and self.shared is None
            and stateless_child.unused_for() > self.limits.idle
        ):
            stateless_child.end()
            self._stateless_child = None


async def run_service(  # noqa: ASYNC114 (started by services.py)
    spec: Spec, reaper: Reaper, *, task_status: trio.TaskStatus[Service] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve one server until cancelled; its children have ended then. Raises StartupError at once."""
    command = command_of(spec, os.environ)
    factory = ChildFactory(
        command, spec.limits.children, spec.limits.calls, Tools(spec.allow, spec.deny), reaper
    )
    async with trio.open_nursery() as nursery:
        service = Service(factory, spec.mode, spec.limits, nursery)
        nursery.start_soon(service.sweep)
        nursery.start_soon((service.shared or service.own).run)
        task_status.started(service)
