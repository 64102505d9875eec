"""A page as presence sees it: a tab whose stream is on one pod, and whose words may reach any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import trio
import trio.testing

from mapsrv.hub.hub import Hub
from mapsrv.wire.said import Said

HIDDEN_SECONDS = 60.0  # a hidden page keeps its stream so long
LOAD_SECONDS = 0.05  # from a page's last word until it is there again


class Tab:
    """What it says arrives after a while, at whatever pod. When a stream opens it says all of itself anew."""

    def __init__(self, name: str, session_id: str, hubs: list[Hub], nursery: trio.Nursery) -> None:
        self.name, self._session_id, self._hubs, self._nursery = name, session_id, hubs, nursery
        self._values: dict[str, Any] = {"visible": True}
        self._number = 0
        self._stream: trio.CancelScope | None = None
        self.present = False

    @property
    def element(self) -> dict[str, Any]:
        """What all pods are to show of it."""
        said = {key: self._values.get(key) for key in ("viewport", "pointing")}
        shown = {key: value for key, value in said.items() if value is not None}
        return {"id": self.name, "name": self._values.get("name", ""), "kind": "person"} | shown

    def say(self, pod: int, delay: float = 0.0, **values: Any) -> None:
        self._values.update(values)
        self._send(pod, delay, values)

    def _send(self, pod: int, delay: float, values: Mapping[str, Any], *, gone: bool = False) -> None:
        self._number += 1
        said = Said(self.name, self._number, dict(values), gone=gone)
        self._nursery.start_soon(self._arrive, self._hubs[pod], delay, said)

    async def _arrive(self, hub: Hub, delay: float, said: Said) -> None:
        await trio.sleep(delay)
        async with hub.open_session(self._session_id) as live:
            await hub.tab_says(live, said)

    async def open(self, pod: int, renewed_at: int, delay: float = 0.0, linger: float = 0.0) -> None:
        """Open a stream. The one before ends, which its pod may notice later."""
        await self._close(linger)
        opened = trio.Event()
        self._stream = trio.CancelScope()
        self._nursery.start_soon(self._read, self._hubs[pod], self._stream, opened)
        await opened.wait()
        self.present = True
        self._values["visible"] = True
        self._send(renewed_at, delay, self._values)

    async def _read(self, hub: Hub, scope: trio.CancelScope, opened: trio.Event) -> None:
        with scope:
            async with hub.subscribe(self._session_id, None, viewer=self.name, name="", url=""):
                opened.set()
                await trio.sleep_forever()

    async def _close(self, linger: float = 0.0) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if linger:
            stream.deadline = trio.current_time() + linger
        else:
            stream.cancel()
            await trio.testing.wait_all_tasks_blocked()

    async def hide(self, pod: int, delay: float) -> None:
        """Be hidden until the stream is given back: it is away from then on."""
        self.say(pod, delay, visible=False)
        await trio.sleep(HIDDEN_SECONDS)
        await self._close()

    async def leave(self, pod: int, delay: float) -> None:
        self.present = False
        self._send(pod, delay, {"visible": False}, gone=True)
        await self._close()
        await trio.sleep(delay + LOAD_SECONDS)


async def shown(hub: Hub, session_id: str) -> tuple[int, list[dict[str, Any]]]:
    """Return how many a pod says have a map open, and who they are."""
    async with hub.open_session(session_id) as live:
        live.presence.publish()
        told = json.loads(live.presence.body)
    return told["count"], sorted(told["viewers"], key=lambda viewer: str(viewer["id"]))
