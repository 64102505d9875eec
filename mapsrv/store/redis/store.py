"""The store that pods share: Redis 7.0 or later, or Valkey.

A commit of many sessions is one round trip, one script a session. Redis forgets by itself what
nobody renews: a sweep has nothing to do, and `now` is Redis's own clock. An error on the way leaves
a commit in doubt; since Redis remembers keys, sending it again is answered with DONE.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from mapsrv.core.log import Head
from mapsrv.errors import NewerFormat, StoreUnavailable
from mapsrv.store.protocol import Batch, Ok, Outcome, StoredSession
from mapsrv.store.redis import blobs, heads, loads, parcels, reading, sessions
from mapsrv.store.redis.address import parse_address
from mapsrv.store.redis.client import CALL_SECONDS, Client, open_client
from mapsrv.store.redis.errors import explain, raise_if_away
from mapsrv.store.redis.feed import RedisFeed, open_feed
from mapsrv.store.redis.keys_and_values import LOST, Command, identity_commands, secret_commands
from mapsrv.store.redis.loads import Loads
from mapsrv.store.redis.preflight import check
from mapsrv.store.redis.sessions import Lifetimes
from mapsrv.store.shared import Seed
from mapsrv.store.timed import timed

REPLICA_MS = 500  # for one replica to have what was written
RENEWED_AT_ONCE = 200
LOGS_AT_ONCE = 20  # looked through in one call: of the largest some 5 ms each
LOSS_SECONDS = 60  # that processes have to bring back the sessions which they hold

# A write of our own before WAIT: it then covers what an earlier, lost call wrote, if that is what
# a batch turns out to be DONE by.
_REPLICATED: tuple[Command, ...] = (("PUBLISH", "map_wait", ""), ("WAIT", 1, REPLICA_MS))


class RedisStore:
    """A Store in Redis. Made by open_redis."""

    trouble = None  # who does not get an answer says so

    def __init__(self, client: Client, kept: Lifetimes, *, replicated: bool) -> None:
        self.durability = "replicated" if replicated else "redis"
        self.client = client
        self._kept = kept
        self._loads = Loads(client, kept)
        for _ in range(loads.CALLS):
            client.run(self._loads.run)
        self._then = _REPLICATED if replicated else ()

    @timed
    async def create(self, session_id: str, head: Head, *, now: float) -> bool:
        return await self.client.call(*sessions.create_command(session_id, head, self._kept)) == 1

    @timed
    async def load(self, session_id: str) -> StoredSession | None:
        stored, named = await reading.stored_session(session_id, await self._loads.load(session_id))
        if stored is None:
            await self._check_for_loss()
        else:
            named.update(name for entry in stored.log for name in entry.blobs)
        if named:
            await blobs.renew(self.client, named, self._kept.blob)
        return stored

    @timed
    async def exists(self, session_id: str) -> bool:
        there = await self.client.call(*sessions.rest_command(session_id)) != 0  # damaged is not unknown
        if not there:
            await self._check_for_loss()
        return there

    @timed
    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        commands = [sessions.commit_command(batch, self._kept) for batch in batches]
        # Before what names them: were the line cut in between, nothing would be named that soon goes.
        first = blobs.renewals(_named(batches), self._kept.blob)
        replies = await self.client.pipe([*first, *commands, *self._then], seconds=CALL_SECONDS)
        outcomes = [
            await sessions.outcome(batch, reply) for batch, reply in zip(batches, replies[len(first) :])
        ]
        if self._then:
            copies = replies[-1]
            if isinstance(copies, Exception):
                raise explain(copies) from copies
            if not copies:  # it is here, and said to be: worth less, but no loss
                return [Ok("redis") if isinstance(outcome, Ok) else outcome for outcome in outcomes]
        return outcomes

    @timed
    async def put_blob(self, name: str, body: bytes, *, now: float) -> None:
        await blobs.put(self.client, name, body, sessions.HOUR, self._kept.blob)

    @timed
    async def renew_blob(self, name: str, *, now: float) -> bool:
        return await blobs.renew(self.client, [name], sessions.HOUR) == 1

    @timed
    async def get_blob(self, name: str) -> bytes | None:
        return await blobs.get(self.client, name)

    @timed
    async def renew(self, session_ids: Collection[str], *, now: float) -> None:
        """Renew sessions, with the blobs that their states and kept events name."""
        ids = list(session_ids)
        for start in range(0, len(ids), RENEWED_AT_ONCE):
            some = ids[start : start + RENEWED_AT_ONCE]
            metas = await self.client.pipe([sessions.renew_command(one, self._kept) for one in some])
            # One that is damaged is refused where it is used; here the others go on.
            for meta in metas:
                raise_if_away(meta)
            named = set[str]().union(*(sessions.blobs_of(meta) for meta in metas))
            for one in range(0, len(some), LOGS_AT_ONCE):
                asked = [sessions.log_blobs_command(name) for name in some[one : one + LOGS_AT_ONCE]]
                for reply in await self.client.pipe(asked, seconds=loads.SECONDS):
                    raise_if_away(reply)
                    named |= sessions.log_blobs_of(reply)
            await blobs.renew(self.client, named, self._kept.blob)

    @timed
    async def sweep(self, *, before: float, crowded: float = -math.inf) -> tuple[int, int]:
        """Nothing: Redis forgets by itself."""
        return 0, 0

    def open_feed(self) -> AbstractAsyncContextManager[RedisFeed]:
        """Open this process's feed of what the others do."""
        return open_feed(self.client, secrets.token_hex(8))

    @timed
    async def heads(self, session_ids: Collection[str]) -> Mapping[str, Head | NewerFormat | None]:
        """Return where sessions are, in one round trip; a damaged one is left out."""
        return await heads.of(self.client, list(session_ids))

    async def identity(self) -> str:
        """Return map_store as it is now, given anew where it is missing."""
        return (await self._first(identity_commands(secrets.token_hex(16)))).decode(errors="replace")

    async def secret(self, mine: bytes) -> bytes:
        """Return map_secret as it is now, which is ours where it was missing."""
        return await self._first(secret_commands(mine))

    async def _first(self, set_and_get: list[Command]) -> bytes:
        """Return what stands where the first who came put something."""
        replies = await self.client.pipe(set_and_get)
        for reply in replies:
            if isinstance(reply, Exception):
                raise explain(reply) from reply
        return replies[-1] if isinstance(replies[-1], bytes) else b""

    async def expect(self, token: str) -> None:
        await parcels.expect(self.client, token)

    async def admit(self, token: str) -> bool:
        return await parcels.admit(self.client, token)

    async def leave(self, token: str, body: bytes) -> None:
        await parcels.leave(self.client, token, body)

    async def collect(self, token: str) -> bytes | None:
        return await parcels.collect(self.client, token)

    async def note_loss(self) -> None:
        """Have all processes say of an unknown session that it is unavailable, for LOSS_SECONDS."""
        await self.client.call("SET", LOST, 1, "EX", LOSS_SECONDS)

    @timed
    async def seed(self, seed: Seed) -> bool:
        """Begin a session anew from what this process remembers."""
        names = [name for part in seed.components.values() for name in part.blobs]
        await blobs.renew(self.client, names, self._kept.blob)
        (reply,) = await self.client.pipe([sessions.seed_command(seed, self._kept)], seconds=loads.SECONDS)
        if isinstance(reply, Exception):
            raise explain(reply) from reply
        return reply == 1

    async def _check_for_loss(self) -> None:
        if await self.client.call("EXISTS", LOST):
            raise StoreUnavailable(
                "Redis, where the maps are kept, has lost some, and they are being brought back:"
                " try again in a moment.",
                retry_after=5,
            )


def _named(batches: Sequence[Batch]) -> Iterator[str]:
    for batch in batches:
        for entry in batch.entries:
            yield from entry.blobs
        for part in batch.components.values():
            yield from part.blobs


@asynccontextmanager
async def open_redis(
    target: str, *, session_ttl: float = 30 * sessions.DAY, replicated: bool = False
) -> AsyncIterator[RedisStore]:
    """Yield the store at an address such as redis://localhost:6379/0. Raises StartupError.

    `session_ttl`: seconds that a session is kept after it was last renewed. `replicated`: an OK waits
    until one replica has the batch.
    """
    address = parse_address(target)
    kept = Lifetimes(int(session_ttl), min(sessions.DAY, int(session_ttl)))
    async with open_client(address) as client:
        await check(client, address, secrets.token_hex(16))
        yield RedisStore(client, kept, replicated=replicated)
