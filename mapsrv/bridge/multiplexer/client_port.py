"""The port that a caller has at a child."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from mapsrv.bridge.json_rpc import Message

Deliver: TypeAlias = Callable[[Message, Any], object]


class ChildPort(Protocol):
    """What writes to the child."""

    async def send(self, line: bytes) -> None:
        """Write a line; waits while the child does not read. Raises ChildEnded."""

    def send_soon(self, line: bytes) -> None:
        """Write a line if it can be done at once."""


class Port(Protocol):
    """What one caller has of a child."""

    async def send(self, message: Message) -> None:
        """Send something to the child. Raises ChildEnded or TooMany."""

    def leave(self) -> None:
        """Have nothing more delivered."""


Join: TypeAlias = Callable[[Deliver], Port]


class Callers(Protocol):
    """What a port is at."""

    async def from_caller(self, port: ClientPort, message: Message) -> None:
        """Pass on what a caller says."""

    def leave(self, port: ClientPort) -> None:
        """Forget a caller."""


class ClientPort:
    """One caller's port at a child.

    deliver() gets what is for it, and the id of the call that it answers or tells of; it must not wait.
    """

    def __init__(self, multiplexer: Callers, deliver: Deliver) -> None:
        self.deliver = deliver
        self.calls: dict[Any, int] = {}  # ours for each of its ids that is not answered yet
        self.subscribed: set[str] = set()  # the resources that it asked to hear of
        self._multiplexer = multiplexer

    async def send(self, message: Message) -> None:
        """Send something to the child. Raises ChildEnded or TooMany."""
        await self._multiplexer.from_caller(self, message)

    def leave(self) -> None:
        """Have nothing more delivered; the child is told that nobody waits for the answers."""
        self._multiplexer.leave(self)
