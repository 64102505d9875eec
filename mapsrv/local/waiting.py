"""Whether a page came for its token: asked of this user's server by whoever opened a browser.

Who asks must know the token, and learns no more than that it waits; so nothing else is asked of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import trio

from mapsrv.local.announcement import Asgi, LocalServer, respond
from mapsrv.local.connection import ANSWER_SECONDS, Lost, Request, open_proven
from mapsrv.local.front import PATIENCE_SECONDS, Front

WAITING_PATH = "/local/waiting"
TOKEN_HEADER = "x-mapsrv-token"
WAITS, DONE = "waits", "done"


def waiting_app(front: Front) -> Asgi:
    """Return the ASGI application that answers when the token was traded, or has waited for long enough."""

    async def app(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        wanted = TOKEN_HEADER.encode()
        token = next((value for name, value in scope["headers"] if name.lower() == wanted), b"")
        waits = await front.is_waiting(token.decode("latin-1"))
        await respond(send, 200, WAITS if waits else DONE)

    return app


async def is_waiting(server: LocalServer, token: str) -> bool:
    """Return whether no page has come for the token within PATIENCE_SECONDS; False where nobody knows."""
    connection = await open_proven(server)
    if connection is None:
        return False
    with closing(connection), suppress(Lost), trio.move_on_after(PATIENCE_SECONDS + ANSWER_SECONDS):
        answer = await connection.ask(Request("GET", WAITING_PATH, {TOKEN_HEADER: token}))
        return answer.body == WAITS.encode()
    return False
