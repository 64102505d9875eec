"""What crosses the bridge besides calls and answers, with the reference server that has all of it.

Progress, sampling, elicitation, roots, subscriptions, logging, completion and prompts: each goes to the
session that it concerns, also where one child serves several.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
import trio
from mcp.client import Client

from tests.bridge.real.conftest import MODES
from tests.bridge.real.kit.bridging import SESSIONS, WAYS, Bridge, said, talking, tools
from tests.transports.kit.serving import CLIENT_LEAKS, eventually

pytestmark = [
    CLIENT_LEAKS,
    # Roots, sampling and logging are deprecated, and in use.
    pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning"),
    pytest.mark.parametrize("mode", MODES),
]
each_way = pytest.mark.parametrize("way", WAYS)
# What belongs to a session, and is not in the revision that has none: its callers send it with each call.
with_sessions = pytest.mark.parametrize("way", SESSIONS)
SUBSCRIBED = "demo://resource/dynamic/text/1"


class Person:
    """Who sits before a client: answers by their name, and keeps what they are told."""

    client: Client

    def __init__(self, name: str) -> None:
        self.name = name
        self.updated: list[str] = []
        self.logged: list[str] = []
        self.progress: list[float] = []

    async def sampled(self, _context: Any, params: types.CreateMessageRequestParams) -> Any:
        text = types.TextContent(type="text", text=f"{self.name} sampled")
        return types.CreateMessageResult(role="assistant", content=text, model="none")

    async def elicited(self, _context: Any, params: types.ElicitRequestParams) -> Any:
        return types.ElicitResult(action="accept", content={"name": f"{self.name} elicited"})

    async def roots(self, _context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/maps", name="maps")])

    async def logs(self, params: types.LoggingMessageNotificationParams) -> None:
        self.logged.append(str(params.data))

    async def told(self, message: Any) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            self.updated.append(str(message.params.uri))

    async def progressed(self, progress: float, _total: float | None, _message: str | None) -> None:
        self.progress.append(progress)

    async def works(self, steps: int) -> None:
        """Have the server do something that takes a while."""
        arguments = {"duration": 0.2, "steps": steps}
        tool = "trigger-long-running-operation"
        await self.client.call_tool(tool, arguments, progress_callback=self.progressed)


@asynccontextmanager
async def person(bridge: Bridge, mode: str, way: str, name: str) -> AsyncIterator[Person]:
    """Connect a client that can be asked for all that a server may ask for."""
    who = Person(name)
    callbacks = {
        "sampling_callback": who.sampled,
        "elicitation_callback": who.elicited,
        "list_roots_callback": who.roots,
        "logging_callback": who.logs,
        "message_handler": who.told,
    }
    async with talking(f"{bridge.url}/servers/asking-{mode}", way, name, **callbacks) as who.client:
        await ready(who.client)
        yield who


async def ready(client: Client) -> None:
    """Wait until the server knows what its client can be asked for: it offers more tools then."""
    with trio.fail_after(20):
        while "trigger-sampling-request" not in await tools(client):  # noqa: ASYNC110
            await trio.sleep(0.02)


@each_way
async def test_progress_reaches_who_waits_for_it(bridge: Bridge, mode: str, way: str) -> None:
    async with person(bridge, mode, way, "Ann") as ann, person(bridge, mode, way, "Ben") as ben:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ann.works, 2)
            nursery.start_soon(ben.works, 4)
    assert (ann.progress, ben.progress) == ([1, 2], [1, 2, 3, 4])


@each_way
async def test_what_the_server_asks_is_answered_by_who_caused_it(bridge: Bridge, mode: str, way: str) -> None:
    async with person(bridge, mode, way, "Ann") as ann, person(bridge, mode, way, "Ben") as ben:
        for who in (ann, ben, ann):
            sampled = await said(who.client, "trigger-sampling-request", prompt="a map", maxTokens=5)
            assert f"{who.name} sampled" in sampled
            assert f"- Name: {who.name} elicited" in await said(who.client, "trigger-elicitation-request")


@with_sessions
async def test_roots_are_asked_for(bridge: Bridge, mode: str, way: str) -> None:
    async with person(bridge, mode, way, "Ann") as ann:
        assert "file:///srv/maps" in await said(ann.client, "get-roots-list")


@with_sessions
async def test_a_resource_is_heard_of_by_who_subscribed_to_it(bridge: Bridge, mode: str, way: str) -> None:
    async with person(bridge, mode, way, "Ann") as ann, person(bridge, mode, way, "Ben") as ben:
        await ann.client.subscribe_resource(SUBSCRIBED)
        await said(ann.client, "toggle-subscriber-updates")
        await eventually(lambda: ann.updated)
        await ann.client.unsubscribe_resource(SUBSCRIBED)
        await said(ann.client, "toggle-subscriber-updates")
        assert await said(ben.client, "echo", message="still") == "Echo: still"
        assert set(ann.updated) == {SUBSCRIBED}
        assert ben.updated == []


@with_sessions
async def test_logs_reach_the_session_that_works(bridge: Bridge, mode: str, way: str) -> None:
    async with person(bridge, mode, way, "Ann") as ann:
        await ann.client.set_logging_level("debug")
        await said(ann.client, "toggle-simulated-logging")
        await eventually(lambda: ann.logged)
        await said(ann.client, "toggle-simulated-logging")


@each_way
async def test_prompts_completions_and_resources_cross(bridge: Bridge, mode: str, way: str) -> None:
    async with person(bridge, mode, way, "Ann") as ann:
        prompt = await ann.client.get_prompt("args-prompt", {"city": "Zermatt"})
        assert "Zermatt" in prompt.messages[0].content.text
        department = {"name": "department", "value": "S"}
        reference = types.PromptReference(type="ref/prompt", name="completable-prompt")
        assert (await ann.client.complete(reference, department)).completion.values == ["Sales", "Support"]
        read = await ann.client.read_resource(SUBSCRIBED)
        assert read.contents[0].text.startswith("Resource 1:")
        assert len((await ann.client.list_resource_templates()).resource_templates) == 2
