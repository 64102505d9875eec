"""A connection whose line was lost between its being chosen and its being written to."""

from __future__ import annotations

import asyncio

import pytest
from redis import exceptions

from mapsrv.store.redis.address import parse_address
from mapsrv.store.redis.client import open_client
from tests.store.kit import valkey


async def test_a_line_that_is_lost_before_it_is_written_to_is_an_error_of_the_connection(
    redis: valkey.Server,
) -> None:
    async with open_client(parse_address(redis.url)) as client:
        assert await client.call("PING") == b"PONG"

        async def written() -> None:
            connection = await client.redis.connection_pool.get_connection()
            connection._writer.transport.abort()
            await asyncio.sleep(0.01)
            with pytest.raises(exceptions.ConnectionError):
                await connection.send_command("PING")
            assert not connection.is_connected
            await client.redis.connection_pool.release(connection)

        await client.island(written())
        assert await client.call("PING") == b"PONG"
