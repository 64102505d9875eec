"""The memory server when its database is away, slow, or not as it was left."""

from __future__ import annotations

import logging

import pytest
import trio

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.stdio_servers import graph, recall
from mapsrv.stdio_servers.database import IDLE_SECONDS, LOCK, MAX_CONNECTIONS, Connection, open_database
from tests.stdio_servers.kit.postgres import Server
from tests.stdio_servers.kit.talk import ask, command, environment, refused, talking

ANA = {"name": "Ana", "entityType": "person", "observations": []}
HOLD = f"SELECT pg_advisory_xact_lock({LOCK})"


async def test_a_database_that_went_away_is_told_and_found_again(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        await ask(client, "create_entities", entities=[ANA])
        postgres.stop()
        try:
            for _ in range(2):
                words = await refused(client, "read_graph")
                assert words.startswith("The memory's database cannot answer now") and "Try again" in words
            assert len((await client.list_tools()).tools) == 9
        finally:
            postgres.start()
        assert await ask(client, "read_graph") == {"entities": [ANA], "relations": []}


async def test_a_connection_that_died_unused_is_no_error(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        await ask(client, "create_entities", entities=[ANA])
        ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        assert postgres.do(ends) == [(True,)]
        assert await ask(client, "create_entities", entities=[ANA]) == {"entities": []}


async def test_tables_that_were_dropped_are_made_again(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        await ask(client, "create_entities", entities=[ANA])
        postgres.do("DROP TABLE memory_entities, memory_relations", database)
        assert await ask(client, "create_entities", entities=[ANA]) == {"entities": [ANA]}


async def test_a_role_that_may_not_make_tables_uses_those_that_are_there(postgres: Server, database: str):
    async with open_database(postgres.url(database), graph.make_tables) as opened:
        await opened.read(recall.read_graph)
        for statement in (
            f"CREATE ROLE guest_{database} LOGIN PASSWORD 'p%40ss w''ord'",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest_{database}",
        ):
            postgres.do(statement, database)
        guest = postgres.url(database, f"guest_{database}")
        async with talking("memory", DATABASE_URL=guest) as client:
            assert await ask(client, "create_entities", entities=[ANA]) == {"entities": [ANA]}
            postgres.do("DROP TABLE memory_relations", database)
            words = await refused(client, "read_graph")
            assert words.startswith("The memory's database refused this: permission denied for schema public")


async def test_a_writer_that_waits_too_long_is_told_and_readers_wait_for_none(
    postgres: Server, database: str
):
    url = postgres.url(database)
    async with (
        open_database(url, graph.make_tables) as opened,
        open_database(url, graph.make_tables, seconds=0.3) as hasty,
        trio.open_nursery() as nursery,
    ):
        await opened.read(recall.read_graph)
        free = trio.Event()
        nursery.start_soon(hold, postgres, database, free)
        await until(postgres, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 1)
        try:
            with pytest.raises(StoreAway, match="did not answer within 0.3 seconds"):
                await hasty.write(lambda there: graph.delete_entities(there, []))
            assert (await opened.read(recall.read_graph)).entities == []
        finally:
            free.set()
        await opened.write(lambda there: graph.delete_entities(there, []))


async def test_the_end_of_stdin_ends_a_server_that_waits_for_its_database(postgres: Server, database: str):
    """The call is left behind in its thread: a process must end with its stdin."""
    async with open_database(postgres.url(database), graph.make_tables) as opened:
        await opened.read(recall.read_graph)
        async with trio.open_nursery() as nursery:
            free = trio.Event()
            nursery.start_soon(hold, postgres, database, free)
            await until(postgres, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 1)
            call = b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n'
            hello = (
                b'{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}'
            )
            process = await trio.lowlevel.open_process(
                command("memory"), stdin=-1, stdout=-1, env=environment(DATABASE_URL=postgres.url(database))
            )
            assert process.stdin is not None
            await process.stdin.send_all(call % (1, b"initialize", hello))
            arguments = b'{"name":"delete_entities","arguments":{"entityNames":["x"]}}'
            await process.stdin.send_all(call % (2, b"tools/call", arguments))
            await until(
                postgres, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 1
            )
            await process.stdin.aclose()
            with trio.fail_after(5):
                assert await process.wait() == 0
            free.set()


async def test_unused_connections_are_closed_and_never_are_there_many(
    postgres: Server, database: str, autojump_clock: trio.testing.MockClock
):
    query = f"SELECT count(*)::int FROM pg_stat_activity WHERE datname = '{database}'"
    async with open_database(postgres.url(database), graph.make_tables, seconds=float("inf")) as opened:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(opened.sweep)
            async with trio.open_nursery() as calls:
                for _ in range(MAX_CONNECTIONS * 3):
                    calls.start_soon(opened.read, lambda there: there.execute("SELECT pg_sleep(0.05)"))
            await trio.sleep(IDLE_SECONDS * 2.5)
            await until(postgres, query, 0)
            assert (await opened.read(recall.read_graph)).entities == []
            nursery.cancel_scope.cancel()


async def test_what_the_database_refuses_is_told_in_its_words(
    postgres: Server, database: str, caplog: pytest.LogCaptureFixture
):
    async with open_database(postgres.url(database), graph.make_tables) as opened:
        caplog.set_level(logging.CRITICAL)
        with pytest.raises(StoreUnavailable, match="refused this: division by zero. Nothing was changed"):
            await opened.write(lambda there: there.execute("SELECT 1 / 0"))
        with pytest.raises(StoreUnavailable, match="read-only transaction"):
            await opened.read(lambda there: graph.create_entities(there, [graph.Entity("a", "b", [])]))


async def hold(postgres: Server, database: str, free: trio.Event) -> None:
    """Be a writer that does not end until it is told."""
    async with open_database(postgres.url(database), lambda there: None) as opened:

        def wait(there: Connection) -> None:
            trio.from_thread.run(free.wait)

        await opened.write(wait)


async def until(postgres: Server, query: str, value: int) -> None:
    with trio.fail_after(30):
        while postgres.do(query) != [(value,)]:  # noqa: ASYNC110 - another process cannot set an Event
            await trio.sleep(0.01)
