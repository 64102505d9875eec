"""Connections that say so when they are lost, on every Python.

redis-py writes by writelines(). From CPython 3.12 on that of a transport which has lost its line raises an
AttributeError out of asyncio (gh-136234), which nobody takes for a connection's end: the process would end.
"""

from __future__ import annotations

from typing import Any

from redis import exceptions


def safe(kind: Any) -> Any:
    """Return that class of connections, with a look at the line before anything is written to it."""

    class Safe(kind):  # type: ignore[misc]
        async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            """Raises ConnectionError where the line is lost; nothing was sent then."""
            if self._writer is not None and self._writer.is_closing():
                await self.disconnect(nowait=True)
                raise exceptions.ConnectionError("The line was lost.")
            await super().send_packed_command(command, check_health)

    return Safe
