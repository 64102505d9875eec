"""Whether a server can answer, shown by a child that starts and initialises, and is ended again.

It is what is known of a server that has no child to look at. One is tried at a time, and what was
found is kept for a while: who looks at a server's health must not keep it busy.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

import trio
from msgspec import UNSET

from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.child import Child
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.bridge_requests import BridgeRequests, open_requests
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.bridge.revisions.handshake import discover_params, initialize, initialize_params
from mapsrv.bridge.revisions.vocabulary import DISCOVER
from mapsrv.bridge.sessions.child_factory import ChildFactory

KEPT_SECONDS = 60.0  # that a server could answer
FAILED_SECONDS = 5.0  # that it could not
ANSWER_SECONDS = 30.0  # for each thing that it is asked

# What the bridge says of itself where no client says anything. It can answer nothing that it is asked.
HELLO = {**initialize_params(), "capabilities": {}}


@dataclass(frozen=True, slots=True)
class Found:
    """What a try showed, and until when that holds. `deep`: its tools were listed too."""

    why_not: str | None
    deep: bool
    until: float


class Probe:
    """One server's."""

    def __init__(self, factory: ChildFactory) -> None:
        self._factory = factory
        self._turn = trio.Lock()
        self._found: Found | None = None

    async def why_not(self, deep: bool) -> str | None:
        """Return why the server cannot answer, or None."""
        async with self._turn:
            found = self._found
            if found is None or trio.current_time() > found.until or (deep and not found.deep):
                found = self._found = await self._try(deep)
            return found.why_not

    async def _try(self, deep: bool) -> Found:
        try:
            await self._start(deep)
        except ChildEnded as error:
            return Found(error.message, deep, trio.current_time() + FAILED_SECONDS)
        except trio.TooSlowError:
            why = f"{self._factory.name} did not answer within {ANSWER_SECONDS:g} s."
            return Found(why, deep, trio.current_time() + FAILED_SECONDS)
        return Found(None, deep, trio.current_time() + KEPT_SECONDS)

    async def _start(self, deep: bool) -> None:
        child = self._factory.start()
        multiplexer = Multiplexer(child, self._factory.name)
        failed: ChildEnded | trio.TooSlowError | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._factory.run, child, multiplexer, multiplexer.fail)
            try:
                with open_requests(multiplexer.bridge_port) as requests:
                    await _open(requests, child)
                    if deep:
                        await _own(child, requests.ask("tools/list"))
            except (ChildEnded, trio.TooSlowError) as error:
                failed = error
            nursery.cancel_scope.cancel()
        if failed is not None:
            raise failed


async def _open(requests: BridgeRequests, child: Child) -> None:
    answer = await _own(child, initialize(requests, HELLO))
    if answer.error is not UNSET:  # some are modern ones only
        found = await _own(child, requests.ask(DISCOVER, discover_params()))
        if found.error is not UNSET:
            raise ChildEnded(
                f"{child.name} refuses initialize: {json_rpc.members(answer.error).get('message')}"
            )


async def _own(child: Child, asked: Awaitable[Message]) -> Message:
    """Return a child's own answer. Raises ChildEnded or trio.TooSlowError."""
    with trio.fail_after(ANSWER_SECONDS):
        answer = await asked
    if child.ended is not None:
        raise child.ended
    return answer
