"""Which sessions a feed hears of, and who waits until Redis says so. No I/O: feed.py subscribes.

When a pod takes over, thousands come at once: they share SUBSCRIBEs, and nobody gives up while
Redis goes on answering the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice

import trio

from mapsrv.store.redis.client import CALL_SECONDS
from mapsrv.store.redis.deadlines import Deadlines
from mapsrv.store.redis.keys_and_values import channel_of, live_channel_of

AT_ONCE = 250  # sessions in one SUBSCRIBE


class Waiting:
    """Those who wait until Redis says that one session is subscribed to."""

    def __init__(self) -> None:
        self.over = trio.Event()
        self.given_up = False


class Watches:
    """The sessions of one feed."""

    def __init__(self, deadlines: Deadlines) -> None:
        self.all: dict[str, None] = {}
        self._deadlines = deadlines
        self._wanted: dict[str, None] = {}  # those that the next SUBSCRIBE is to name
        self._want = trio.Event()
        self._awaited: dict[str, Waiting] = {}
        self._some = trio.Event()

    async def add(self, session_id: str) -> None:
        """Have a session subscribed to, and wait until it is. Raises TooSlowError when Redis is silent."""
        waiting = self._awaited.setdefault(session_id, Waiting())
        self._wanted[session_id] = None
        self._want.set()
        self._some.set()
        try:
            await waiting.over.wait()
        finally:
            waiting.over.set()
            self._awaited.pop(session_id, None)
        if waiting.given_up:
            raise trio.TooSlowError

    async def give_up_in_silence(self) -> None:
        """Let go on who waits while Redis says nothing to anybody, for ever: one watch for thousands."""
        while True:
            if not self._awaited:
                self._some = trio.Event()
                await self._some.wait()
            try:
                with self._deadlines.fail_after(CALL_SECONDS, math.inf):
                    while self._awaited:
                        await next(iter(self._awaited.values())).over.wait()
                        await trio.lowlevel.checkpoint()  # so that it leaves
            except trio.TooSlowError:
                self._give_up()

    def _give_up(self) -> None:
        for waiting in self._awaited.values():
            waiting.given_up = True
            waiting.over.set()

    def confirm(self, session_id: str) -> None:
        """Let go on who waits for a session."""
        if session_id in self._awaited:
            self._awaited[session_id].over.set()

    async def wanted(self) -> list[str]:
        """Wait for sessions to be subscribed to; return all that came meanwhile, up to AT_ONCE."""
        if not self._wanted:
            self._want = trio.Event()
            await self._want.wait()
        some = list(islice(self._wanted, AT_ONCE))
        for session_id in some:
            del self._wanted[session_id]
        return some

    def channels(self, session_ids: Iterable[str]) -> list[bytes]:
        """Return the channels of those that are still watched."""
        return [name for one in session_ids if one in self.all for name in channels_of(one)]


def channels_of(session_id: str) -> tuple[bytes, bytes]:
    """Return the two channels of a session; the second one is confirmed last."""
    return channel_of(session_id), live_channel_of(session_id)
