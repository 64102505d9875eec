"""Transactions in PostgreSQL from Trio: a few connections, opened when needed, each used in a thread.

Nothing here outlives an outage: a connection that died is dropped, and the next call opens another.
Writers take turns by one advisory lock, so a transaction may read, decide and write in Python.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import psycopg
import trio
from psycopg.conninfo import conninfo_to_dict

from mapsrv.errors import StartupError, StoreAway, StoreUnavailable

MAX_CONNECTIONS = 4  # of one process; a server often allows 100 in all, and a bridge starts many of us
IDLE_SECONDS = 30.0  # a connection unused for one to two times that is closed, for the same reason
ANSWER_SECONDS = 15.0  # for one call, with connecting and waiting for other writers
STATEMENT_SECONDS = 10  # for one statement, told to the server, so that it stops working too
LOCK = 0x6D61707372766D65  # "mapsrvme": all writers of one database, and whoever makes the tables

# What an address does not say. The last three find a server that vanished without a word.
DEFAULTS = {
    "connect_timeout": "5",
    "application_name": "mapsrv-memory",
    "client_encoding": "utf8",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "tcp_user_timeout": "20000",
}
SETTINGS = (
    f"SELECT set_config('statement_timeout', '{STATEMENT_SECONDS}s', false),"
    # A process that stops within a transaction would hold the writers' lock.
    f" set_config('idle_in_transaction_session_timeout', '{STATEMENT_SECONDS}s', false)"
)
# One snapshot for all that is read, so that relations and entities are of one moment.
READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
TAKE_TURN = f"SELECT pg_advisory_xact_lock({LOCK})"

_CLOSED = -1  # in place of a round of sweeping

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Idle:
    connection: Connection
    round: int  # of sweeping, in which it was put


class Database:
    """Made by open_database alone."""

    def __init__(
        self, settings: dict[str, Any], prepare: Callable[[Connection], None], seconds: float
    ) -> None:
        self._settings = settings
        self._prepare, self._seconds = prepare, seconds
        self._limiter = trio.CapacityLimiter(MAX_CONNECTIONS)
        # Threads put and take; each is one step of a list.
        self._idle: list[_Idle] = []
        self._round = 0

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` does, in a thread, with one snapshot. Raises StoreUnavailable."""
        return await self._run(READ, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` does, in a thread, as the only writer; all of it is kept, or nothing."""
        return await self._run(TAKE_TURN, work)

    async def sweep(self) -> None:
        """Close connections that nobody used for a while, for ever."""
        while True:
            await trio.sleep(IDLE_SECONDS)
            self._close_idle()
            self._round += 1

    def close(self) -> None:
        """Close what nobody uses, and from now on what a thread left behind gives back."""
        self._round = _CLOSED
        self._close_idle()

    def _close_idle(self) -> None:
        for idle in [idle for idle in self._idle if self._round == _CLOSED or idle.round < self._round]:
            try:
                self._idle.remove(idle)
            except ValueError:
                continue  # a thread was faster
            idle.connection.close()

    async def _run(self, first: str, work: Callable[[Connection], T]) -> T:
        try:
            with trio.fail_after(self._seconds):
                # A thread that is left behind keeps its place in the limiter until it ends.
                return await trio.to_thread.run_sync(
                    self._transact, first, work, limiter=self._limiter, abandon_on_cancel=True
                )
        except trio.TooSlowError:
            raise StoreAway(
                f"The memory's database did not answer within {self._seconds:g} seconds. Try again later."
            ) from None
        except psycopg.OperationalError as error:
            logger.warning("The database does not answer: %s", error)
            raise StoreAway(
                "The memory's database cannot answer now; this server's log says why. Try again later."
            ) from error
        except psycopg.Error as error:
            logger.error("The database refused: %s", error)
            why = error.diag.message_primary or type(error).__name__
            raise StoreUnavailable(
                f"The memory's database refused this: {why}. Nothing was changed."
            ) from error

    def _transact(self, first: str, work: Callable[[Connection], T]) -> T:
        while True:
            connection, used = self._take()
            done = False
            try:
                with connection.transaction():
                    connection.execute(first)
                    result = work(connection)
                    done = True
            except (psycopg.OperationalError, psycopg.errors.UndefinedTable) as error:
                connection.close()
                # What waited unused may have died, or lost its tables, meanwhile: that tells nothing
                # of the database now. But a commit that was lost on its way may have been done.
                if done or not used or isinstance(error, psycopg.errors.QueryCanceled):
                    raise
                continue
            except BaseException:
                self._put(connection)
                raise
            self._put(connection)
            return result

    def _take(self) -> tuple[Connection, bool]:
        """Return a connection, and whether it was used before."""
        try:
            return self._idle.pop().connection, True
        except IndexError:
            return self._open(), False

    def _put(self, connection: Connection) -> None:
        if self._round == _CLOSED:
            connection.close()
        elif not connection.closed:
            self._idle.append(_Idle(connection, self._round))

    def _open(self) -> Connection:
        connection = psycopg.connect(**self._settings, autocommit=True)
        try:
            connection.execute(SETTINGS)
            with connection.transaction():
                self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection


@asynccontextmanager
async def open_database(
    address: str, prepare: Callable[[Connection], None], *, seconds: float = ANSWER_SECONDS
) -> AsyncIterator[Database]:
    """Open no connection yet; `prepare` is called with each, in a transaction. Raises StartupError."""
    database = Database(parse_address(address), prepare, seconds)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.sweep)
        try:
            yield database
        finally:
            database.close()
        nursery.cancel_scope.cancel()


def parse_address(address: str) -> dict[str, Any]:
    """Return psycopg's settings for an address; raises StartupError, which never repeats its password."""
    try:
        given = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        given = {}
    if not given:
        raise StartupError(
            "DATABASE_URL does not name a PostgreSQL database. Set it to"
            " postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        )
    return {**DEFAULTS, **given}
