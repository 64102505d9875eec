"""The containers' services: each one's very command line is started, found healthy, and called both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.real.kit import packages
from tests.bridge.real.kit.bridging import WAYS, said, talking, tools
from tests.bridge.real.kit.stage import served
from tests.stdio_servers.kit import postgres as real
from tests.stdio_servers.kit.standin import standing_in
from tests.transports.kit.serving import CLIENT_LEAKS

pytestmark = CLIENT_LEAKS
PASSWORD = "hex0f'the secret"


@pytest.fixture
def database(postgres: real.Server, tmp_path: Path) -> Iterator[str]:
    """Where PostgreSQL is, with the user that compose.yaml makes, and the secret's file in its place."""
    (tmp_path / "postgres_password").write_text(PASSWORD + "\n")
    escaped = PASSWORD.replace("'", "''")
    postgres.do(f"CREATE ROLE mapsrv LOGIN PASSWORD '{escaped}'")
    postgres.do("CREATE DATABASE mapsrv OWNER mapsrv")
    yield f"127.0.0.1:{postgres.port}"
    postgres.do("DROP DATABASE mapsrv WITH (FORCE)")
    postgres.do("DROP ROLE mapsrv")


async def test_monitoring_searches_loki_and_asks_netdata(tmp_path: Path) -> None:
    async with standing_in() as (_, url):
        at = url.removeprefix("http://")
        with served("monitoring", tmp_path, LOKI=at, NETDATA=at) as bridge:
            for way in WAYS:
                async with talking(bridge.url, way) as client:
                    wanted = {
                        "search_logs",
                        "get_recent_errors",
                        "list_labels",
                        "query_metrics",
                        "get_alarms",
                    }
                    assert await tools(client) == wanted
                    assert "axolotl" in await said(client, "list_labels", label="job")
                    assert "alarms" in await said(client, "get_alarms")


async def test_filesystem_writes_and_reads_below_its_folder_alone(tmp_path: Path) -> None:
    with served("filesystem", tmp_path, *packages.npm(packages.DEPLOY / "npm")) as bridge:
        for way in WAYS:
            async with talking(bridge.url, way) as client:
                assert {"read_text_file", "write_file", "list_directory"} <= await tools(client)
                path = str(tmp_path / "files" / f"{way}.txt")
                await said(client, "write_file", path=path, content="Zürich")
                assert await said(client, "read_text_file", path=path) == "Zürich"
                outside = await said(client, "read_text_file", path=str(tmp_path / "postgres_password"))
                assert "denied" in outside
    assert {file.name for file in (tmp_path / "files").iterdir()} == {f"{way}.txt" for way in WAYS}


async def test_memory_keeps_what_it_is_told_in_postgresql(tmp_path: Path, database: str) -> None:
    with served("memory", tmp_path, POSTGRESQL=database) as bridge:
        for way in WAYS:
            entity = {"name": way, "entityType": "way", "observations": ["it works"]}
            async with talking(bridge.url, way) as client:
                assert len(await tools(client)) == 9
                assert way in await said(client, "create_entities", entities=[entity])
        async with talking(bridge.url, WAYS[0]) as client:
            graph = await said(client, "read_graph")
    assert all(way in graph for way in WAYS)


async def test_fetch_keeps_out_of_its_own_network(tmp_path: Path) -> None:
    with served("fetch", tmp_path, *packages.pypi("fetch.txt")) as bridge:
        for way in WAYS:
            async with talking(bridge.url, way) as client:
                assert await tools(client) == {"fetch"}
                assert "not a public address" in await said(client, "fetch", url=f"{bridge.url}/health")


async def test_postgres_shows_the_database_and_changes_nothing(tmp_path: Path, database: str) -> None:
    programs = packages.pypi("postgres.txt", at_least=packages.POSTGRES_MCP_NEEDS)
    with served("postgres", tmp_path, *programs, POSTGRESQL=database) as bridge:
        for way in WAYS:
            async with talking(bridge.url, way) as client:
                assert {"list_schemas", "list_objects", "execute_sql"} <= await tools(client)
                assert "public" in await said(client, "list_schemas")
                assert "42" in await said(client, "execute_sql", sql="SELECT 40 + 2 AS answer")
                assert "rror" in await said(client, "execute_sql", sql="CREATE TABLE gone (id int)")
                assert "gone" not in await said(client, "list_objects", schema_name="public")
