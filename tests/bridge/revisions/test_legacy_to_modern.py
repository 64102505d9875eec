"""A client that initializes in front of a server of 2026-07-28, which refuses that."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest
import trio
from mcp.shared.exceptions import MCPError

from tests.bridge.revisions.kit.joined import NEWER, OLDER, older_client, shared, value
from tests.transports.kit.serving import CLIENT_LEAKS, eventually

pytestmark = [CLIENT_LEAKS, pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")]


async def who(context: Any, params: Any) -> types.ElicitResult:  # noqa: ASYNC124
    return types.ElicitResult(action="accept", content={"name": params.message})


async def test_it_initializes_and_calls():
    async with shared(NEWER) as child, older_client(child) as client:
        assert client.protocol_version == "2025-11-25"
        assert client.server_info is not None and client.server_info.name == "newer"
        assert "echo" in [tool.name for tool in (await client.list_tools()).tools]
        told = value(await client.call_tool("echo", {"a": 1}))
        assert told["arguments"] == {"a": 1}
        assert told["meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
        await client.send_ping()
        await client.set_logging_level("warning")
        told = value(await client.call_tool("echo", {}))
        assert told["meta"]["io.modelcontextprotocol/logLevel"] == "warning"


async def test_a_server_of_its_own_revision_is_passed_all_as_it_comes():
    async with shared(OLDER) as child, older_client(child, elicitation_callback=who) as client:
        assert client.server_info is not None and client.server_info.name == "older"
        assert value(await client.call_tool("ask"))["content"] == {"name": "Who?"}
        await client.subscribe_resource("file:///a")
        methods = [method for method, _params in value(await client.call_tool("seen"))]
        assert "server/discover" not in methods and "resources/subscribe" in methods


async def test_progress_comes_before_the_answer():
    got: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:  # noqa: ASYNC124
        got.append(done)

    async with shared(NEWER) as child, older_client(child) as client:
        assert value(await client.call_tool("steps", {"steps": 5}, progress_callback=progress)) == 5
    assert got == [0, 1, 2, 3, 4]


async def test_a_call_that_it_cancels_is_cancelled_at_the_server():
    async with shared(NEWER) as child, older_client(child) as client:
        with trio.move_on_after(1):
            await client.call_tool("wait")
        assert value(await client.call_tool("seen")) == ["cancelled"]


async def test_a_question_in_an_answer_is_asked_and_the_call_goes_on():
    async with shared(NEWER) as child, older_client(child, elicitation_callback=who) as client:
        told = value(await client.call_tool("ask"))
        assert told["answer"]["content"] == {"name": "Who?"} and told["state"] == "s1"


async def test_a_question_that_it_refuses_fails_the_call():
    async def no(context: Any, params: Any) -> types.ErrorData:  # noqa: ASYNC124
        return types.ErrorData(code=-1, message="I will not say")

    async with shared(NEWER) as child, older_client(child, elicitation_callback=no) as client:
        with pytest.raises(MCPError, match="I will not say"):
            await client.call_tool("ask")
        assert value(await client.call_tool("seen")) == []


async def test_it_hears_of_changes_and_of_the_resources_it_subscribed_to():
    got: list[Any] = []

    async def hear(message: Any) -> None:  # noqa: ASYNC124
        got.append((type(message).__name__, getattr(message.params, "uri", None)))

    async with shared(NEWER) as child, older_client(child, message_handler=hear) as client:
        await client.subscribe_resource("file:///a")
        await client.subscribe_resource("file:///b")
        for uri in ("file:///a", "file:///b", "file:///c"):
            await client.call_tool("touch", {"uri": uri})
        await eventually(lambda: [uri for _name, uri in got if uri] == ["file:///a", "file:///b"])
        await client.unsubscribe_resource("file:///a")
        for uri in ("file:///a", "file:///b"):
            await client.call_tool("touch", {"uri": uri})
        await eventually(lambda: len(got) == 8)
        assert [uri for _name, uri in got if uri] == ["file:///a", "file:///b", "file:///b"]
        assert got.count(("ToolListChangedNotification", None)) == 5
