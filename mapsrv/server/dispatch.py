"""One ASGI application of several, by path; it also knows when anybody last asked for anything.

Here a request gets its name, and its lines in the log what they have in common: bound for as long as it is
served, in the connection's task, which serves the next one after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

import trio

from mapsrv.asgi.request_id import request_id
from mapsrv.asgi.routes import PROBES, route_of, transport_of
from mapsrv.asgi.served import Served, serve_bound
from mapsrv.asgi.trusted_proxies import TrustedProxies
from mapsrv.server.counted import count

Scope: TypeAlias = MutableMapping[str, Any]
Asgi: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]


class Dispatch:
    """`mounts` are served by their path, with or without a slash at its end; all else by `web`.

    What `proxies` tell of a request is in its scope before anybody else looks at it.
    """

    def __init__(self, web: Asgi, mounts: Mapping[str, Asgi], proxies: TrustedProxies | None = None) -> None:
        self.web, self.mounts = web, mounts
        self._proxies = proxies or TrustedProxies()
        self._active = 0
        self._last_used = trio.current_time()

    @property
    def idle_seconds(self) -> float:
        """For how long nobody has used the server."""
        return 0.0 if self._active else trio.current_time() - self._last_used

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        called = request_id(scope, self._proxies)
        self._proxies.read(scope)
        path = scope["path"]
        app = self.mounts.get(path.rstrip("/"), self.web)
        if path in PROBES:  # machines ask these, which is no use
            return await app(scope, receive, send)
        route = route_of(scope)
        served = Served(scope, called, route, transport_of(route), send)
        self._active += 1
        try:
            await serve_bound(app, scope, receive, served)
        finally:
            self._active -= 1
            self._last_used = trio.current_time()
            count(served, scope)
