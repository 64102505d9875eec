"""Who has the port that was to be listened on: this user's own mapsrv, another one, or who knows what.

Only this user's own is told with its process, since it alone is proven; another one says that it is a
mapsrv, which is enough to tell where a map may be open already.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mapsrv import local
from mapsrv.config import Config
from mapsrv.errors import StartupError


async def explained(config: Config) -> StartupError | None:
    """Return what to tell of a port that is taken; None where no mapsrv answers there."""
    at = local.local_url(config.host, config.port)
    own = await local.find_server(config.data_dir)
    if own is not None and urlsplit(own.url).port == config.port:
        return StartupError(
            f"Port {config.port} is taken by your mapsrv that runs already, process {own.pid}:"
            f" open {own.url}/ for its maps, or end it first. One with other maps needs another --port and"
            " --data-dir."
        )
    if await local.is_mapsrv(at):
        return StartupError(
            f"Port {config.port} is taken by another mapsrv, at {at}/, which has other maps;"
            " choose another with --port."
        )
    return None
