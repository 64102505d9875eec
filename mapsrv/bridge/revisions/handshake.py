"""How the bridge itself opens a child that stateless callers share: as a newer one if it is, else an older.

The probe goes first, as a child that speaks both keeps to the era of the first request that it gets.
"""

from __future__ import annotations

from typing import Any

import trio
from msgspec import UNSET

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions import legacy_to_modern, modern_to_legacy
from mapsrv.bridge.revisions.vocabulary import DISCOVER, NEWER, Join, Object, outer, plain
from mapsrv.change import Change

PROBE_SECONDS = 5.0  # some older servers never answer what they do not know


class Asking:
    """Requests of the bridge itself, and what they are answered with."""

    def __init__(self, join: Join) -> None:
        self.port = join(self._deliver)
        self._answers: dict[Any, Message] = {}
        self._came = Change()

    def _deliver(self, message: Message, about: Any) -> None:
        if message.is_answer:
            self._answers[about] = message
            self._came.tell()

    async def send(self, method: str, params: Object) -> None:
        """Ask; the method is the id."""
        await self.port.send(json_rpc.request(method, method, params))

    def heard(self, method: str) -> Message | None:
        """Return what it was answered with, so far."""
        return self._answers.get(method)

    async def answer(self, method: str) -> Message:
        """Wait for an answer."""
        await self._came.until(lambda: method in self._answers)
        return self._answers[method]


async def greet(join: Join) -> Message:
    """Open a child; returns what server/discover or initialize was answered with, or the last refusal.

    Takes as long as the child does: bound it. Raises ChildEnded.
    """
    asking = Asking(join)
    try:
        await asking.send(DISCOVER, legacy_to_modern.probe())
        with trio.move_on_after(PROBE_SECONDS):
            await asking.answer(DISCOVER)
        if (found := asking.heard(DISCOVER)) is not None and is_newer(found):
            return found
        await asking.send("initialize", modern_to_legacy.introduction())
        told = await asking.answer("initialize")
        if told.error is not UNSET:  # a newer one may have been slow to start, and refuses this
            late = asking.heard(DISCOVER)
            return late if late is not None and is_newer(late) else told
        await asking.port.send(json_rpc.notification("notifications/initialized"))
        return told
    finally:
        asking.port.leave()


def is_newer(greeting: Message) -> bool:
    """Return whether a child has answered server/discover with a revision that is spoken here."""
    versions = plain(outer(greeting.result).get("supportedVersions"))
    return isinstance(versions, list) and any(version in NEWER for version in versions)
