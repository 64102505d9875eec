"""The one way to Redis: the client in its asyncio island, bounded, without retries, errors as ours.

A call that fails on its way may have been done: the client's own retries would do it again, so they
are off, and nothing here sends a command twice. The exception is a script that Redis said it does
not know, since then it has done nothing.

- The client is asyncio's, and lives on a loop within Trio (`island`). A caller's task may have been started
  outside of that loop, so it is told which loop is meant for each await. Errors are carried around the
  island's nurseries, which would wrap them in groups.
- A call waits for one of a few places, then has its time. Who stood in line while another call found that
  nothing answers is refused without trying (`failures` is read before the wait, and compared after it):
  else each would wait its own time out, one after the other.
- After a failure all are refused at once for a moment; then one call tries, with the rest still refused
  for as long as it may take.
- A reply that says "read only" means that this Redis became a replica. The connections are dropped, since
  a name or a proxy may lead to the new master by now; the call itself has failed and is told so.
- Where a pipeline met a script that is not known, the scripts are loaded and those commands are sent
  again, with what is to come after them (WAIT counts its own connection's writes alone). An atomic pipeline
  did nothing at all then, and goes again whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio_asyncio
from redis import exceptions
from redis.asyncio import Redis, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from mapsrv.errors import StoreAway
from mapsrv.store.redis.address import Address
from mapsrv.store.redis.connection import safe
from mapsrv.store.redis.deadlines import MOST, Deadlines
from mapsrv.store.redis.errors import explain
from mapsrv.store.redis.keys_and_values import Command, Reply
from mapsrv.store.redis.master import MasterPool, watch_master
from mapsrv.store.redis.scripts import MAKE_KNOWN

CALL_SECONDS = 0.9  # for a call with its connecting: a stalled Redis is noticed within a second
SENTINEL_SECONDS = 0.25  # for one sentinel, so that a dead one leaves time to ask the next
OPEN_SECONDS = 0.4  # after a failure, that callers are refused at once
CLOSE_SECONDS = 2.0  # for the connections to end
CONNECTIONS = 8  # calls at once: Redis does them one by one anyway
LISTENERS = 2  # connections that hear publications: one, and the next while it ends


class Client:
    """A pool of connections to one Redis. Made by open_client."""

    def __init__(
        self, loop: trio_asyncio.TrioEventLoop, clients: Sequence[Redis], nursery: trio.Nursery
    ) -> None:
        self._loop, self.redis, self._clients, self._nursery = loop, clients[0], clients, nursery
        self._turns = trio.CapacityLimiter(CONNECTIONS)
        self._failures = 0
        self._open_until = 0.0  # the breaker: 0 while all is well
        self.deadlines = Deadlines()

    def run(self, task: Callable[[], Awaitable[None]]) -> None:
        """Have a task run for ever, until this client is closed."""
        self._nursery.start_soon(task)

    async def call(self, *command: bytes | str | int) -> Reply:
        """Do one command. Raises StoreUnavailable, for an error in the reply too."""
        reply = (await self.pipe([command]))[0]
        if isinstance(reply, Exception):
            raise explain(reply) from reply
        return reply

    async def pipe(
        self, commands: Sequence[Command], *, atomic: bool = False, seconds: float = CALL_SECONDS
    ) -> list[Reply]:
        """Send the commands in one go and return their replies, errors of the server among them.

        `atomic`: nothing of another client gets in between. Raises StoreUnavailable when it is not
        known what became of them.
        """
        replies = await self._send(commands, atomic, seconds)
        lost = [n for n, reply in enumerate(replies) if isinstance(reply, exceptions.NoScriptError)]
        if not lost:
            return replies
        # A server that was started anew, or has taken over. Those that it said it does not know have
        # done nothing; what follows the scripts (WAIT) is to come after them again.
        rest = range(0 if atomic else lost[0], len(commands))
        again = [n for n in rest if atomic or n in lost or commands[n][0] != "EVALSHA"]
        await self._send(MAKE_KNOWN, False, seconds)
        for n, reply in zip(again, await self._send([commands[n] for n in again], atomic, seconds)):
            replies[n] = reply
        return replies

    async def _send(self, commands: Sequence[Command], atomic: bool, seconds: float) -> list[Reply]:
        failures = self._failures
        async with self._turns:
            self._check_breaker(failures, seconds)
            try:
                with self.deadlines.fail_after(seconds):
                    replies: list[Reply] = await self.island(self._execute(commands, atomic))
            except (exceptions.RedisError, OSError, trio.TooSlowError) as error:
                self._failures += 1
                self._open_until = trio.current_time() + OPEN_SECONDS
                raise explain(error) from error
        self._open_until = 0.0
        self.deadlines.heard()
        if any(isinstance(reply, exceptions.ReadOnlyError) for reply in replies):
            # The master became a replica: what leads to it (DNS, a proxy) may lead elsewhere by now.
            await self.island(self.redis.connection_pool.disconnect(inuse_connections=False))
        return replies

    def _check_breaker(self, failures: int, seconds: float) -> None:
        """Raise StoreAway while it is known that nothing answers; after a while one call tries again."""
        now = trio.current_time()
        # Whoever waited in line behind a stall waits no second more.
        if failures != self._failures or now < self._open_until:
            raise StoreAway(
                "Redis, where the maps are kept, cannot be reached. Nothing was sent.", retry_after=1
            )
        if self._open_until:
            self._open_until = now + seconds

    async def _execute(self, commands: Sequence[Command], atomic: bool) -> list[Reply]:
        async with self.redis.pipeline(transaction=atomic) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            replies: list[Reply] = await pipe.execute(raise_on_error=False)
            return replies

    async def island(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Await something of the client's own, such as a pubsub()'s. Raises its errors."""
        # Whoever calls may have been started outside of the island and not know its loop.
        token = trio_asyncio.current_loop.set(self._loop)
        try:
            return await self._loop.run_aio_coroutine(work)
        finally:
            trio_asyncio.current_loop.reset(token)

    @property
    def moves(self) -> int:
        """How often another Redis became the master: a line from before hears nothing of the new one."""
        pool = self.redis.connection_pool
        return pool.moves if isinstance(pool, MasterPool) else 0

    async def watch_master(self) -> None:
        """Know of another master soon, where there are sentinels."""
        pool = self.redis.connection_pool
        if isinstance(pool, MasterPool):
            await watch_master(pool, self.island)

    def pubsub(self) -> Any:
        """Return a new connection for publications; nothing is connected yet."""
        return self.redis.pubsub()

    async def close(self) -> None:
        """End the connections; the caller says the bound."""
        for client in self._clients:
            try:
                await self.island(client.aclose())
            except (exceptions.RedisError, OSError):
                pass  # they are gone already


@asynccontextmanager
async def open_client(address: Address) -> AsyncIterator[Client]:
    """Yield a Client; nothing is connected yet."""
    failure: Exception | None = None  # carried around the island's nurseries, which would wrap it in groups
    async with trio_asyncio.open_loop() as loop, trio.open_nursery() as nursery:
        client = Client(loop, _clients(address), nursery)
        client.run(client.watch_master)
        client.run(client.deadlines.run)
        try:
            yield client
        except Exception as error:
            failure = error
        finally:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await client.close()
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _clients(address: Address) -> tuple[Redis, ...]:
    """Return the client of the address, and those of its sentinels."""
    common: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "retry_on_error": [], "protocol": 2}
    # The bound of a call is Deadlines': the client's own would take a busy process for a silent Redis.
    timeouts = {"socket_timeout": MOST, "socket_connect_timeout": CALL_SECONDS}
    settings = {**common, **timeouts, **address.settings}
    if not address.sentinels:
        client, sentinels = Redis(max_connections=CONNECTIONS + LISTENERS, **settings), []
    else:
        asking = common | dict.fromkeys(timeouts, SENTINEL_SECONDS)
        asking |= {"username": address.sentinel_user, "password": address.sentinel_password}
        watch = Sentinel(address.sentinels, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
        client, sentinels = (
            watch.master_for(address.name, connection_pool_class=MasterPool, **settings),
            watch.sentinels,
        )
    for one in (client, *sentinels):
        one.connection_pool.connection_class = safe(one.connection_pool.connection_class)
    client.response_callbacks.clear()  # replies as they came: bytes, numbers and lists of them
    return client, *sentinels
