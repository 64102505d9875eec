"""MCP over /sse behind a plain round robin: what lands on any pod reaches the one with the stream."""

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
from mcp.client.sse import sse_client
from mcp_types import Implementation

from tests.e2e.kit.nginx import Proxy, round_robin
from tests.e2e.kit.server import Server, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.transports.kit.serving import CLIENT_LEAKS

pytestmark = CLIENT_LEAKS

CALLS = 40
NAME = "Clâude Code"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture
def proxy(tmp_path: Path, pods: list[Server]) -> Iterator[Proxy]:
    with round_robin(tmp_path / "nginx", pods) as proxy:
        yield proxy


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[ClientSession]:
    async with sse_client(f"{url}/sse") as streams:
        info = Implementation(name=NAME, version="1")
        async with ClientSession(streams[0], streams[1], client_info=info) as session:
            await session.initialize()
            yield session


def test_messages_that_land_on_any_pod_are_answered_on_the_stream(pods: list[Server], proxy: Proxy) -> None:
    session_id = pods[0].new_map()
    viewer = Viewer(pods[1], session_id)
    wait_until(lambda: viewer.history)

    async def main() -> None:
        with trio.fail_after(120):
            async with connected(proxy.url) as session:
                for number in range(CALLS):
                    arguments = {"session_id": session_id, "title": f"Title {number}"}
                    result = await session.call_tool("open_map", arguments)
                    assert not result.is_error, result
                    told: Any = result.structured_content
                    assert told["title"] == f"Title {number}", "what it was told is what it did"

    trio.run(main)
    assert min(proxy.by_port[pod.port] for pod in pods) >= CALLS / 4, "both took its messages"
    wait_until(lambda: len(viewer.history) > CALLS)
    events: list[dict[str, Any]] = [json.loads(message.data) for message in viewer.history[1:]]
    titles = [event["ops"][0]["title"] for event in events]
    assert titles == [f"Title {number}" for number in range(CALLS)], "each once, in order"
    assert {event["origin"]["name"] for event in events} == {NAME}


def opened(http: httpx2.Client, pod: Server) -> tuple[Any, str]:
    """Return a stream that was opened at a pod, and the address that its first event says."""
    stream = http.send(http.build_request("GET", f"{pod.url}/sse", timeout=60), stream=True)
    lines = stream.iter_lines()
    address = next(line for line in lines if line.startswith("data: ")).removeprefix("data: ")
    return lines, address


def test_who_is_gone_is_404_wherever_it_is_asked_and_who_is_there_202(pods: list[Server]) -> None:
    owner, other = pods
    with httpx2.Client(timeout=30) as http:
        lines, address = opened(http, owner)
        assert http.post(other.url + address, json=PING).status_code == 202
        answer = next(line for line in lines if line.startswith("data: "))
        assert json.loads(answer.removeprefix("data: "))["id"] == 1
        nobody = address.replace(address.partition("session_id=")[2][:32], "0" * 32)
        refused = http.post(other.url + nobody, json=PING)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
        bad = http.post(other.url + address, content=b"{", headers={"content-type": "application/json"})
        assert (bad.status_code, bad.json()["error"]["code"]) == (400, "malformed_json")
        owner.stop(signal.SIGKILL)
        gone = http.post(other.url + address, json=PING)
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")
        _, anew = opened(http, other)
        assert http.post(other.url + anew, json=PING).status_code == 202
    assert address.partition("session_id=")[2][:32] not in other.log
