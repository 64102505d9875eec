"""A client of 2026-07-28 in front of a server of 2025-11-25: each is told what it knows."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest
import trio
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated, ToolsListChanged

from tests.bridge.revisions.kit.joined import MODERN, OLDER, newer_client, shared, value
from tests.transports.kit.serving import CLIENT_LEAKS, eventually

pytestmark = [CLIENT_LEAKS, pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")]


@pytest.mark.parametrize("mode", [MODERN, "auto"])
async def test_it_finds_the_server_and_calls_it(mode):
    async with shared(OLDER) as child, newer_client(child, mode=mode) as client:
        assert client.protocol_version == MODERN
        listed = await client.list_tools()
        assert listed.result_type == "complete" and "echo" in [tool.name for tool in listed.tools]
        assert "x-mcp-header" not in str(listed)
        told = value(await client.call_tool("echo", {"a": [1, {"b": None}]}))["params"]
        assert told == {"name": "echo", "arguments": {"a": [1, {"b": None}]}}, "nothing of the newer era"
        if mode == "auto":
            assert client.server_info is not None and client.server_info.name == "older"


async def test_progress_comes_before_the_answer():
    got: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:  # noqa: ASYNC124
        got.append(done)

    async with shared(OLDER) as child, newer_client(child) as client:
        assert value(await client.call_tool("steps", {"steps": 5}, progress_callback=progress)) == 5
    assert got == [0, 1, 2, 3, 4]


async def test_log_entries_come_only_to_a_call_that_asks_for_them():
    got: list[Any] = []

    async def log(params: types.LoggingMessageNotificationParams) -> None:  # noqa: ASYNC124
        got.append(params.data)

    async with shared(OLDER) as child:
        for level, expected in ((None, []), ("error", []), ("info", [0, 1])):
            async with newer_client(child, logging_callback=log, log_level=level) as client:
                await client.call_tool("steps", {"steps": 2})
            assert got == expected


async def test_a_call_whose_client_leaves_is_cancelled():
    async with shared(OLDER) as child, newer_client(child) as client:
        with trio.move_on_after(1):
            await client.call_tool("wait")
        await eventually(lambda: not child.multiplexer.calls.numbers)
        methods = [method for method, _params in value(await client.call_tool("seen"))]
        assert methods[-1] == "notifications/cancelled" and child.pending_input.open <= 1


async def test_it_is_asked_what_the_server_asks_and_the_call_goes_on():
    async def who(context: Any, params: Any) -> types.ElicitResult:  # noqa: ASYNC124
        return types.ElicitResult(action="accept", content={"name": params.message})

    async def write(context: Any, params: Any) -> types.CreateMessageResult:  # noqa: ASYNC124
        said = types.TextContent(type="text", text="Good day")
        return types.CreateMessageResult(role="assistant", content=said, model="m")

    able: Any = {"elicitation_callback": who, "sampling_callback": write}
    async with shared(OLDER) as child, newer_client(child, **able) as client:
        told = value(await client.call_tool("ask"))
        assert told["action"] == "accept" and told["content"] == {"name": "Who?"}
        assert value(await client.call_tool("sample"))["content"]["text"] == "Good day"
        assert child.pending_input.held == 0 and not child.multiplexer.calls.numbers


async def test_who_cannot_be_asked_is_not_and_the_server_is_told():
    async with shared(OLDER) as child, newer_client(child) as client:
        assert value(await client.call_tool("ask"))["code"] == -32601


async def test_a_held_call_goes_on_once_and_only_as_the_same_call():
    async def never(context: Any, params: Any) -> types.ElicitResult:  # noqa: ASYNC124
        raise AssertionError("it is driven by hand")

    async with shared(OLDER) as child, newer_client(child, elicitation_callback=never) as client:
        asked: Any = await client.session.call_tool("ask", allow_input_required=True)
        [key] = asked.input_requests
        answers: Any = {key: types.ElicitResult(action="decline")}
        more: Any = {"input_responses": answers, "request_state": asked.request_state}
        with pytest.raises(MCPError, match="Make it anew"):
            await client.session.call_tool("echo", allow_input_required=True, **more)
        told = await client.session.call_tool("ask", allow_input_required=True, **more)
        assert value(told) == {"action": "decline"}
        with pytest.raises(MCPError, match="Make it anew"):
            await client.session.call_tool("ask", allow_input_required=True, **more)


async def test_it_hears_of_what_it_listens_to_and_the_server_is_left_as_it_was():
    async with shared(OLDER) as child, newer_client(child) as client:
        uri = "file:///a"
        async with client.listen(tools_list_changed=True, resource_subscriptions=[uri]) as first:
            async with client.listen(prompts_list_changed=True, resource_subscriptions=[uri]) as second:
                assert first.honored.tools_list_changed and not second.honored.prompts_list_changed
                await client.call_tool("touch", {"uri": uri})
                heard = [await anext(first), await anext(first)]
                assert heard == [ToolsListChanged(), ResourceUpdated(uri)]
                assert await anext(second) == ResourceUpdated(uri)
            await eventually(lambda: child.pending_input.open == 1)
            assert (await subscriptions(client)).count("resources/unsubscribe") == 0
        await eventually(lambda: child.pending_input.open == 0)
        assert (await subscriptions(client)).count("resources/unsubscribe") == 1


async def subscriptions(client: Any) -> list[str]:
    return [str(method) for method, _params in value(await client.call_tool("seen"))]


async def test_what_a_newer_revision_does_not_have_is_not_there():
    async with shared(OLDER) as child, newer_client(child) as client:
        for method in ("ping", "logging/setLevel", "resources/subscribe", "initialize"):
            with pytest.raises(MCPError) as failed:
                await client.session._dispatcher.send_raw_request(method, *enveloped(method))
            assert failed.value.error.code == -32601, method
        with pytest.raises(MCPError) as failed:
            await client.read_resource("file:///none")
        assert failed.value.error.code == -32602


def enveloped(method: str) -> tuple[Any, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return {"_meta": meta}, {"headers": {"mcp-protocol-version": MODERN, "mcp-method": method}}


async def test_a_child_that_dies_fails_the_call_and_says_how():
    async with shared(OLDER) as child, newer_client(child) as client:
        with pytest.raises(MCPError, match="exit code was 7"):
            await client.call_tool("die")
