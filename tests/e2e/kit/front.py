"""What this user's own assistant is told, without the start of a process for each question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio
from mcp_types import Implementation

from mapsrv.config import Config
from mapsrv.transports.forward import Call, forward
from mapsrv.transports.upstream import Upstream
from tests.e2e.kit.server import wait_until

SECONDS = 30.0  # on a busy machine
WHO = Implementation(name="test", version="1")


def ask(folder: Path, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what `mapsrv stdio` would answer; the server of that data folder must be running."""
    upstream = Upstream(Config(command="stdio", data_dir=folder))

    async def asked() -> dict[str, Any]:
        with trio.fail_after(60):
            result = await forward(upstream, Call(tool, arguments, WHO))
        upstream.close()
        assert not result.is_error, result
        return dict(result.structured_content or {})

    return trio.run(asked)


def in_front(folder: Path) -> str:
    """Return the map on which the next call that names none would act."""
    return str(ask(folder, "list_layers")["session_id"])


def given(folder: Path, session_id: str) -> str:
    """Return the link of a map that nobody watches, as this user is given it."""
    return str(ask(folder, "open_map", session_id=session_id)["url"])


def comes_to_front(folder: Path, session_id: str) -> bool:
    """Wait until a page has said that it shows the map, as it does soon after its stream is open."""
    return bool(wait_until(lambda: in_front(folder) == session_id, SECONDS))


def leaves_front(folder: Path, session_id: str) -> bool:
    """Wait until it has not."""
    return bool(wait_until(lambda: in_front(folder) != session_id, SECONDS))
