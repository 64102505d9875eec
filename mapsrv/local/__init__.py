"""How the processes of one user find their server: server.json in the data folder, and a proof."""

from mapsrv.local.announcement import (
    ANSWER_SECONDS,
    PATH,
    Asgi,
    LocalServer,
    announce,
    ask,
    find_server,
    local_app,
    local_url,
    new_secret,
    open_announcement,
    proof,
    read,
    respond,
    withdraw,
)

__all__ = [
    "ANSWER_SECONDS",
    "Asgi",
    "LocalServer",
    "PATH",
    "announce",
    "ask",
    "find_server",
    "local_app",
    "local_url",
    "new_secret",
    "open_announcement",
    "proof",
    "read",
    "respond",
    "withdraw",
]
