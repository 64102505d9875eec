"""A page that says what it draws, and answers asks: its stream at one process, its words at any."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from mapsrv.hub.hub import Hub
from mapsrv.wire.drawn import drawn
from mapsrv.wire.said import Said, public_id
from tests.kit.sse import Parser

LATE = 1e6  # seconds: it never answers


class Page:
    """`delay` is how long it takes to answer, `loading` and `problems` are what it says then."""

    def __init__(self, hub: Hub, session_id: str, name: str = "page", at: Hub | None = None) -> None:
        self.hub, self.session_id, self.at = hub, session_id, at or hub
        self.viewer = name
        self.tab = public_id(name)
        self.delay = 0.0
        self.loading: list[str] = []
        self.problems: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.position = ""
        self.began = trio.Event()
        self.picture: Callable[[str], Awaitable[object]] | None = None  # what posts one, by the token
        self.view: dict[str, Any] | None = None
        self.read: dict[str, Any] | None = None
        self._number = 0

    async def says(self, answers: list[str] | None = None, **more: Any) -> None:
        """Say what it draws."""
        self._number += 1
        told = {"applied": self.position, "loading": self.loading, "problems": self.problems}
        told |= {"answers": answers or [], "view": self.view, "read": self.read}
        values = {"visible": True, "drawn": drawn(told)} | more
        async with self.at.open_session(self.session_id) as live:
            await self.at.tab_says(live, Said(self.tab, self._number, values))

    async def run(self) -> None:
        """Read its stream for ever."""
        parser = Parser()
        async with (
            trio.open_nursery() as nursery,
            self.hub.subscribe(self.session_id, None, viewer=self.tab, name="", url="") as reader,
        ):
            self.began.set()
            while True:
                while (frames := reader.take()) is not None:
                    for message in parser.feed(frames):
                        self.position = message.id or self.position
                        if message.event == "ask":
                            self.asked.append(json.loads(message.data))
                            nursery.start_soon(self._answer, self.asked[-1]["ask"])
                await reader.wait()

    async def _answer(self, token: str) -> None:
        await trio.sleep(self.delay)
        if self.picture is not None and "picture" in self.asked[-1]:
            await self.picture(token)
        await self.says([token])


@asynccontextmanager
async def open_page(
    hub: Hub, session_id: str, name: str = "page", at: Hub | None = None
) -> AsyncIterator[Page]:
    """Yield a page that has its map and has said what it draws."""
    page = Page(hub, session_id, name, at)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(page.run)
        await page.began.wait()
        await trio.testing.wait_all_tasks_blocked()
        await page.says()
        yield page
        nursery.cancel_scope.cancel()
