"""A model as its host has it: an MCP session that stays open, and answers read as a model reads them."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import trio
from mcp import ClientSession

from tests.e2e.kit.server import Server, client

SECONDS = 60.0  # that one answer, the beginning or the end may take


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is what a model reads, `fields` what is structured beside it."""

    text: str
    fields: dict[str, Any]
    picture: bytes | None


class Model:
    """Calls tools on one map. A browser is driven by the test's own thread, so the session has another."""

    def __init__(self, session: ClientSession, session_id: str) -> None:
        self._session, self._session_id = session, session_id
        self._token = trio.lowlevel.current_trio_token()
        self._over = trio.Event()

    async def stays(self) -> None:
        """Wait for leave()."""
        await self._over.wait()

    def leave(self) -> None:
        """End the session."""
        trio.from_thread.run_sync(self._over.set, trio_token=self._token)

    def do(self, tool: str, **arguments: Any) -> Answer:
        """Return the answer to a call that is done."""
        answer, wrong = self._call(tool, arguments)
        assert not wrong, answer.text
        return answer

    def refused(self, tool: str, **arguments: Any) -> Answer:
        """Return the answer to a call that is refused."""
        answer, wrong = self._call(tool, arguments)
        assert wrong, answer.text
        return answer

    def _call(self, tool: str, arguments: dict[str, Any]) -> tuple[Answer, bool]:
        async def call() -> Any:
            with trio.fail_after(SECONDS):
                return await self._session.call_tool(tool, {"session_id": self._session_id, **arguments})

        result = trio.from_thread.run(call, trio_token=self._token)
        text = "\n".join(item.text for item in result.content if item.type == "text")
        images = [base64.b64decode(item.data) for item in result.content if item.type == "image"]
        answer = Answer(text, result.structured_content or {}, images[0] if images else None)
        return answer, bool(result.is_error)


@contextmanager
def talking(server: Server, session_id: str) -> Iterator[Model]:
    """Connect a real MCP client, which asks about that map."""
    opened: Future[Model] = Future()

    async def main() -> None:
        try:
            async with client(server, "http") as session:
                opened.set_result(model := Model(session, session_id))
                await model.stays()
        except BaseException as error:
            if not opened.done():
                opened.set_exception(error)
            raise

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    model = opened.result(SECONDS)
    try:
        yield model
    finally:
        model.leave()
        thread.join(SECONDS)
