"""The places of /sse on this pod: how many sessions there may be, and which of them ends first.

A session without a stream waits for its client for a while, and goes sooner where its place is needed. One
whose stream is open, and that calls nothing for long, is mostly a desktop's: it goes only where places run
short. None of this waits, and times are Trio's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import trio

from mapsrv.change import Change
from mapsrv.errors import Busy, TooMany
from mapsrv.transports.sse_session import SseSession

SWEEP_SECONDS = 300.0  # at most, between two looks at who is idle
CROWDED = 0.8  # of the places taken: from here on who is idle goes
RETRY_SECONDS = 10  # for who finds no place

log = logging.getLogger("mapsrv.mcp")


@dataclass(frozen=True, slots=True)
class SseLimits:
    """Of a pod's sessions; times are seconds, sizes bytes."""

    sessions: int = 1000
    sessions_a_client: int = 200
    resume: float = 60.0  # that a session waits for who lost its stream
    idle: float = 3600.0  # without a call, from which on one may be ended
    idle_always: bool = False  # end it then, also where there is room
    unread: int = 1024 * 1024


class SsePlaces:
    """The sessions of this pod, by id."""

    def __init__(self, limits: SseLimits) -> None:
        self.sessions: dict[str, SseSession] = {}
        self.limits = limits
        self._look_at = trio.current_time()  # when idle ones are looked for

    def take(self, client: str | None, answered: Change) -> SseSession:
        """Return a new session; one without a stream ends for it. Raises Busy or TooMany."""
        own = [one for one in self.sessions.values() if client is not None and one.client == client]
        if len(own) >= self.limits.sessions_a_client and not self._end_lost(own):
            raise TooMany(f"You have {len(own)} MCP streams open. Close some.", retry_after=RETRY_SECONDS)
        if len(self.sessions) >= self.limits.sessions and not self._end_lost(list(self.sessions.values())):
            raise Busy(
                "This server holds as many MCP streams as it can. Try later.", retry_after=RETRY_SECONDS
            )
        session = SseSession(client, self.limits.unread, answered)
        self.sessions[session.id] = session
        return session

    def leave(self, session: SseSession) -> None:
        """Give the place of one that has ended to others."""
        self.sessions.pop(session.id, None)

    async def run(self) -> None:
        """End, for ever, those whose client does not come back, and the idle ones."""
        while True:
            await trio.sleep(min(SWEEP_SECONDS, self.limits.resume / 4, self.limits.idle / 4))
            self.sweep()

    def sweep(self) -> None:
        """End those whose client has not come back in time, and now and then the idle ones."""
        now = trio.current_time()
        self._end_left(now - self.limits.resume)
        if now >= self._look_at:
            self._look_at = now + min(SWEEP_SECONDS, self.limits.idle / 4)
            self._end_idle(now - self.limits.idle)

    def _end_lost(self, sessions: list[SseSession]) -> bool:
        lost = [session for session in sessions if not session.is_read]
        if lost:
            self._end(min(lost, key=lambda session: session.left_at))
        return bool(lost)

    def _end_left(self, before: float) -> None:
        for session in list(self.sessions.values()):
            if not session.is_read and session.left_at <= before:
                self._end(session)

    def _end_idle(self, before: float) -> None:
        idle = [one for one in self.sessions.values() if one.used_at <= before and not one.waiting]
        most = 0.0 if self.limits.idle_always else CROWDED * self.limits.sessions
        for session in sorted(idle, key=lambda one: one.used_at):
            if len(self.sessions) <= most:
                return
            log.info("An MCP session ends that called nothing for %g s", self.limits.idle)
            self._end(session)

    def _end(self, session: SseSession) -> None:
        self.leave(session)
        session.end()
