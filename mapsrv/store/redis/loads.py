"""Sessions that are asked for at once share a call: when a pod takes over, thousands are.

Whoever comes while all calls are under way is in the next one, with all others that came meanwhile. How
much one reply may hold is load.lua's to keep to; what had no room in it comes first in the call after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import trio

from mapsrv.errors import StoreUnavailable
from mapsrv.store.redis.client import Client
from mapsrv.store.redis.errors import explain
from mapsrv.store.redis.keys_and_values import Reply
from mapsrv.store.redis.sessions import Lifetimes, load_command

SECONDS = 5.0  # for the bytes of a large session; a Redis that says nothing is noticed as ever
AT_ONCE = 100  # sessions in one call
CALLS = 4  # under way at once, so that a large session holds up no small ones


class _Asked:
    """A session that somebody waits for, until it is answered or nobody does any more."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.over = trio.Event()
        self.reply: Reply = None
        self.error: StoreUnavailable | None = None


class Loads:
    """The loads of one process; CALLS tasks run()."""

    def __init__(self, client: Client, kept: Lifetimes) -> None:
        self._client, self._kept = client, kept
        # No bound but that of those who wait.
        self._send, self._receive = trio.open_memory_channel[_Asked](math.inf)

    async def load(self, session_id: str) -> Reply:
        """Return what load.lua says of a session. Raises StoreUnavailable."""
        asked = _Asked(session_id)
        self._send.send_nowait(asked)
        try:
            await asked.over.wait()
        finally:
            asked.over.set()
        if asked.error is not None:
            raise asked.error
        return asked.reply

    async def run(self) -> None:
        """Load what is wanted, for ever."""
        left: list[_Asked] = []
        while True:
            some = left or [await self._receive.receive()]
            self._join(some)
            some = [asked for asked in some if not asked.over.is_set()]
            left = await self._load(some) if some else []

    def _join(self, some: list[_Asked]) -> None:
        while len(some) < AT_ONCE:
            try:
                some.append(self._receive.receive_nowait())
            except trio.WouldBlock:
                return

    async def _load(self, some: Sequence[_Asked]) -> list[_Asked]:
        """Answer these; return those that had no room in the reply."""
        command = load_command([asked.session_id for asked in some], self._kept)
        try:
            (reply,) = await self._client.pipe([command], seconds=SECONDS)
            if isinstance(reply, Exception):
                raise explain(reply) from reply
        except StoreUnavailable as error:
            for asked in some:
                asked.error = error
                asked.over.set()
            return []
        assert isinstance(reply, list)
        left = []
        for asked, found in zip(some, reply, strict=True):
            if found is None:
                left.append(asked)
            else:
                asked.reply = found
                asked.over.set()
        return left
