"""The bridge as one ASGI application: each server under /servers/NAME, a single one also at the root.

No exception leaves it: what escapes here would take the whole ASGI server down.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mapsrv.asgi.caller import caller_of
from mapsrv.asgi.message import Answer, Receive, Scope, Send, header
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.request_id import request_id
from mapsrv.asgi.routes import MCP, OTHER, PROBE, SSE
from mapsrv.asgi.served import Served, serve_bound
from mapsrv.asgi.trusted_proxies import TrustedProxies
from mapsrv.bridge.http import health, http_sse, streamable_http
from mapsrv.bridge.http.api_keys import Keys
from mapsrv.bridge.sessions.service import Service
from mapsrv.errors import Draining, MapsrvError, NotFound
from mapsrv.metrics.bridge import REFUSED

log = logging.getLogger("mapsrv.bridge")

METHODS = {
    "metrics": ("GET", "HEAD"),
    "health": ("GET", "HEAD"),
    "sse": ("GET",),
    "messages": ("POST",),
    "mcp": ("GET", "POST", "DELETE"),
}

TRANSPORTS = {"metrics": PROBE, "health": PROBE, "sse": SSE, "messages": SSE, "mcp": MCP}


def route_of(path: str) -> tuple[str, str]:
    """Return a path's pattern and transport, as the log has them: no name that a client may choose."""
    match path.rstrip("/").split("/")[1:]:
        case ["servers", _, ("sse" | "messages" | "mcp" | "health") as what]:
            return f"/servers/<name>/{what}", TRANSPORTS[what]
        case [("sse" | "messages" | "mcp" | "health" | "metrics") as what]:
            return f"/{what}", TRANSPORTS[what]
    return OTHER, OTHER


class Bridge:
    """`services` by their names, which may change; with `keys` callers need one."""

    def __init__(
        self,
        services: Mapping[str, Service],
        origins: OriginGuard,
        keys: Keys | None = None,
        proxies: TrustedProxies | None = None,
    ) -> None:
        self.services, self.keys, self._origins = services, keys, origins
        self._proxies = proxies or TrustedProxies()
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        called = request_id(scope, self._proxies)
        self._proxies.read(scope)
        route, transport = route_of(scope["path"])
        if transport == PROBE:
            await self._answer(scope, receive, send)
        else:
            await serve_bound(self._answer, scope, receive, Served(scope, called, route, transport, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(send, https=self._origins.is_https(scope))
        try:
            try:
                await self._serve(scope, receive, answer)
            except MapsrvError as error:
                REFUSED.labels(error.code).inc()
                await answer.refuse(error, rpc=scope["path"].rstrip("/").endswith("/mcp"))
        except Exception:
            log.exception("%s failed", scope["method"])

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        path = scope["path"].rstrip("/")
        self._check(path, scope)
        if self.draining:
            raise Draining("This bridge is stopping. Connect again in a moment.", retry_after=1)
        service, what = self._found(path, scope)
        method, client = scope["method"], caller_of(scope)
        if what and method not in METHODS[what]:
            # Without a body: an SSE client that tries POST /sse first must not take one for an answer.
            allow = {"allow": ", ".join(METHODS[what])}
            return await answer.give(204 if method == "OPTIONS" else 405, allow)
        if what == "metrics":
            return await health.counters(self.services, scope, answer)
        if what == "health":
            why = self.keys is None or self.keys.knows(scope)  # it may hold a server's last words
            if service is not None:
                return await health.one(service, scope, answer, why)
            return await health.all_of(self.services, scope, answer, why)
        if service is None:
            raise NotFound(f"Nothing is there. The servers are at {', '.join(self._addresses())}.")
        if what == "mcp":
            await streamable_http.serve(service, client, scope, receive, answer)
        elif what == "sse":
            await http_sse.stream(service, client, scope, receive, answer)
        else:
            await http_sse.post(service, scope, receive, answer)

    def _check(self, path: str, scope: Scope) -> None:
        """Raise where the caller may not do this. Probes and Prometheus come by whatever name they know."""
        what = path.rpartition("/")[2]
        if what not in ("health", "metrics"):
            fetch_site = header(scope, "sec-fetch-site")
            self._origins.check(header(scope, "host"), header(scope, "origin"), fetch_site=fetch_site)
        if self.keys is not None and what != "health":
            self.keys.check(scope)

    def _found(self, path: str, scope: Scope) -> tuple[Service | None, str]:
        match path.split("/")[1:]:
            case ["servers", name, ("sse" | "messages" | "mcp" | "health") as what]:
                if name not in self.services:
                    raise NotFound(f"There is no server of that name. There are {', '.join(self.services)}.")
                return self.services[name], what
            case [("sse" | "messages" | "mcp") as what]:
                return self._at_root(scope), what
            case [("health" | "metrics") as what]:
                return None, what
        return None, ""

    def _at_root(self, scope: Scope) -> Service | None:
        """Return the only server, or whose session it is: one that began while there was but one goes on."""
        services = list(self.services.values())
        if len(services) == 1:
            return services[0]
        said = {
            header(scope, "mcp-session-id"),
            scope["query_string"].decode("latin-1").rpartition("session_id=")[2],
            (header(scope, "last-event-id") or "").partition(".")[0],
        }
        return next((service for service in services if said & service.sessions.keys()), None)

    def _addresses(self) -> list[str]:
        return [f"/servers/{name}/mcp" for name in self.services]
