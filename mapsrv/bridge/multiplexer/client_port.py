"""The port that one caller has at a child."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from mapsrv.bridge.json_rpc import Message

Deliver: TypeAlias = Callable[[Message, Any], object]
FromClient: TypeAlias = "Callable[[ClientPort, Message], Awaitable[None]]"
Join: TypeAlias = "Callable[[Deliver], ClientPort]"


class ClientPort:
    """A multiplexer makes it, with its own from_client() and leave().

    deliver() gets what is for the caller, and the id of the call that it answers or tells of; it must not
    wait. left() is told when the caller has left.
    """

    def __init__(
        self, deliver: Deliver, from_client: FromClient, leave: Callable[[ClientPort], object]
    ) -> None:
        self.deliver = deliver
        self.left: Callable[[], object] = lambda: None
        self.has_left = False
        self.calls: dict[Any, int] = {}  # ours for each of its ids that is not answered yet
        self.subscribed: set[str] = set()  # the resources that it asked to hear of
        self._from_client, self._leave = from_client, leave

    async def send(self, message: Message) -> None:
        """Send something to the child. Raises ChildEnded or TooMany."""
        await self._from_client(self, message)

    def leave(self) -> None:
        """Have nothing more delivered; the child is told that nobody waits for the answers."""
        if not self.has_left:
            self.has_left = True
            self._leave(self)
            self.left()
