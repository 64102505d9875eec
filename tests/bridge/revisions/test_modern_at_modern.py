"""A client of 2026-07-28 in front of a server of the same: all passes."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import trio
from mcp.shared.subscriptions import ResourceUpdated, ToolsListChanged

from tests.bridge.revisions.kit.joined import NEWER, newer_client, shared, value
from tests.transports.kit.serving import CLIENT_LEAKS, eventually

pytestmark = CLIENT_LEAKS


async def test_calls_progress_and_questions_pass():
    got: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:  # noqa: ASYNC124
        got.append(done)

    async def who(context: Any, params: Any) -> types.ElicitResult:  # noqa: ASYNC124
        return types.ElicitResult(action="accept", content={"name": params.message})

    async with (
        shared(NEWER) as child,
        newer_client(child, mode="auto", elicitation_callback=who) as client,
    ):
        assert client.server_info is not None and client.server_info.name == "newer"
        assert value(await client.call_tool("steps", {"steps": 3}, progress_callback=progress)) == 3
        assert got == [0, 1, 2]
        assert value(await client.call_tool("ask"))["state"] == "s1"


async def test_a_call_whose_client_leaves_is_cancelled():
    async with shared(NEWER) as child, newer_client(child) as client:
        with trio.move_on_after(1):
            await client.call_tool("wait")
        await eventually(lambda: not child.multiplexer.calls.numbers)
        assert value(await client.call_tool("seen")) == ["cancelled"]


async def test_each_stream_gets_what_it_listens_to():
    async with shared(NEWER) as child, newer_client(child) as client:
        async with client.listen(tools_list_changed=True) as first:
            async with client.listen(resource_subscriptions=["file:///a"]) as second:
                await client.call_tool("touch", {"uri": "file:///a"})
                assert await anext(first) == ToolsListChanged()
                assert await anext(second) == ResourceUpdated("file:///a")
        await eventually(lambda: not child.multiplexer.calls.numbers)
