"""How the processes of one user find their server: server.json in the data folder, and a proof."""

from mapsrv.local.announcement import (
    PATH,
    Asgi,
    LocalServer,
    announce,
    local_app,
    local_url,
    new_secret,
    proof,
    read,
    respond,
    withdraw,
)
from mapsrv.local.connection import is_mapsrv
from mapsrv.local.find import find_server, open_announcement

__all__ = [
    "Asgi",
    "LocalServer",
    "PATH",
    "announce",
    "find_server",
    "is_mapsrv",
    "local_app",
    "local_url",
    "new_secret",
    "open_announcement",
    "proof",
    "read",
    "respond",
    "withdraw",
]
