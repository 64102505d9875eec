"""MCP over /mcp behind a plain round robin: any pod serves any call, and a pod's death ends no session."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

from tests.e2e.kit.nginx import Proxy, round_robin
from tests.e2e.kit.server import Server, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.kit import node
from tests.kit.inspector import HTTP, MODERN, Inspector
from tests.store.kit import valkey
from tests.transports.kit.serving import CLIENT_LEAKS

pytestmark = CLIENT_LEAKS

CALLS, CALLS_AFTER = 40, 10
NAME = "Clâude Code"


@pytest.fixture
def proxy(tmp_path: Path, pods: list[Server]) -> Iterator[Proxy]:
    with round_robin(tmp_path / "nginx", pods) as proxy:
        yield proxy


@asynccontextmanager
async def connected(url: str, seen: list[str]) -> AsyncIterator[ClientSession]:
    """Connect the SDK's client of the older revision; `seen` are its requests and how they were answered."""

    async def note(answer: httpx2.Response) -> None:  # noqa: ASYNC124
        body = json.loads(answer.request.content or b"{}")
        seen.append(f"{body.get('method') or answer.request.method} {answer.status_code}")

    async with httpx2.AsyncClient(timeout=30, event_hooks={"response": [note]}) as http:
        async with streamable_http_client(f"{url}/mcp", http_client=http) as streams:
            info = Implementation(name=NAME, version="1")
            async with ClientSession(streams[0], streams[1], client_info=info) as session:
                opened = await session.initialize()
                assert opened.protocol_version == "2025-11-25"
                yield session


def titled(number: int) -> str:
    return f"Title {number}"


def test_any_pod_serves_a_session_and_the_death_of_one_ends_none(pods: list[Server], proxy: Proxy) -> None:
    a, b = pods
    session_id = a.new_map()
    viewer = Viewer(b, session_id)
    wait_until(lambda: viewer.history)
    seen: list[str] = []

    async def change(session: ClientSession, number: int) -> None:
        arguments = {"session_id": session_id, "title": titled(number)}
        result = await session.call_tool("open_map", arguments)
        assert not result.is_error, result

    async def main() -> None:
        with trio.fail_after(120):
            async with connected(proxy.url, seen) as session:
                for number in range(CALLS):
                    await change(session, number)
                assert min(proxy.by_port[pod.port] for pod in pods) >= CALLS / 4, "both served it"
                await trio.to_thread.run_sync(a.stop, signal.SIGKILL)
                for number in range(CALLS, CALLS + CALLS_AFTER):
                    await change(session, number)

    trio.run(main)
    assert seen.count("initialize 200") == 1 and "GET 405" in seen and seen[-1] == "DELETE 405"
    assert seen.count("tools/call 200") == CALLS + CALLS_AFTER
    assert {said.rpartition(" ")[2] for said in seen} == {"200", "202", "405"}
    wait_until(lambda: len(viewer.history) > CALLS + CALLS_AFTER)
    events: list[dict[str, Any]] = [json.loads(message.data) for message in viewer.history[1:]]
    titles = [event["ops"][0]["title"] for event in events]
    assert titles == [titled(number) for number in range(CALLS + CALLS_AFTER)], "each once, in order"
    assert {event["origin"]["name"] for event in events} == {NAME}


@pytest.mark.parametrize("way", [HTTP, MODERN], ids=["http-2025", "http-2026"])
def test_the_inspector_goes_on_over_any_pods(
    pods: list[Server], proxy: Proxy, inspector: Inspector, way: tuple[str, str]
) -> None:
    session_id = pods[0].new_map()
    for number in range(4):
        arguments = {"session_id": session_id, "title": titled(number)}
        result = inspector.call(proxy.url, way, "open_map", arguments)
        assert result["isError"] is False
    assert pods[1].state(session_id)["state"]["title"] == titled(3)
    assert min(proxy.by_port[pod.port] for pod in pods) >= 4


def test_the_typescript_sdks_client_goes_on_over_any_pods(
    pods: list[Server], proxy: Proxy, node_home: Path
) -> None:
    done = node.run(node.FOLDER / "session.mjs", f"{proxy.url}/mcp", "12", home=node_home)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["titles"] == [titled(number) for number in range(12)] and told["errors"] == []
    assert {tuple(one) for one in told["seen"]} == {
        ("POST", 200),
        ("POST", 202),
        ("GET", 405),
        ("DELETE", 405),
    }
    assert min(proxy.by_port[pod.port] for pod in pods) >= 4


def test_a_redis_that_was_emptied_ends_no_session(
    pods: list[Server], redis: valkey.Server, proxy: Proxy
) -> None:
    seen: list[str] = []
    before = redis.do("GET", "map_secret")

    async def main() -> None:
        with trio.fail_after(60):
            async with connected(proxy.url, seen) as session:
                redis.do("DEL", "map_secret")
                for _ in range(6):
                    assert not (await session.call_tool("open_map", {})).is_error
                # Whoever looks first puts the same one back.
                await trio.to_thread.run_sync(
                    lambda: wait_until(lambda: redis.do("GET", "map_secret") == before, 30)
                )
                for _ in range(6):
                    assert not (await session.call_tool("open_map", {})).is_error

    trio.run(main)
    assert seen.count("initialize 200") == 1
