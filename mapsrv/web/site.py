"""What the routes share: hub, origins, the files of the page, the streams."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.budget import Budget
from mapsrv.hub.document_copies import Lender
from mapsrv.hub.hub import Hub
from mapsrv.local.front import Front
from mapsrv.prepare.process_pool import Workers
from mapsrv.prepare.refused_addresses import NO_ROUTES, OwnRoutes
from mapsrv.web.answer import Answer
from mapsrv.web.ask import VIEWER_COOKIE, Ask
from mapsrv.web.page import Page
from mapsrv.web.streams import Streams

SESSION_COOKIE = "mapsrv_session"
SESSION_DAYS, VIEWER_DAYS = 7, 365
BODY_TIMEOUT = 60.0  # seconds; so that a slow line may upload, what arrives gives more: ask.SLOWEST


@dataclass(slots=True)
class Site:
    """All that a route may use. `draining`: this server is stopping."""

    hub: Hub
    origins: OriginGuard
    page: Page
    streams: Streams
    budget: Budget = field(default_factory=Budget)  # of bytes in flight
    body_timeout: float = BODY_TIMEOUT  # seconds
    rates: RateLimits = field(default_factory=RateLimits)
    own: OwnRoutes = NO_ROUTES
    draining: bool = False
    lender: Lender = field(init=False)
    workers: Workers = field(default_factory=Workers)
    front: Front = field(default_factory=Front)

    def __post_init__(self) -> None:
        self.lender = Lender(self.hub.documents.get, self.budget)

    def check_edge(self, ask: Ask) -> None:
        """Raise Forbidden unless the request may change state."""
        self.origins.check(
            ask.header("host"),
            ask.header("origin"),
            fetch_site=ask.header("sec-fetch-site"),
            navigation=ask.method in ("GET", "HEAD") and ask.header("sec-fetch-mode") == "navigate",
        )

    def base_url(self, ask: Ask) -> str:
        """Return what links begin with, for who asks."""
        if ask.base_url is None:
            ask.base_url = self.origins.base_url(ask.header("host"), ask.scheme, ask.prefix)
        return ask.base_url

    async def body(self, ask: Ask, session_id: str | None, too_large: str) -> bytes:
        """Return the request's body, whole, once it is known that there is that map; None: no map's.

        Raises UnknownSession, StoreUnavailable, SlowBody, or TooLarge with that message.
        """
        if session_id is not None:
            async with self.hub.open_session(session_id):
                pass
        return await ask.body.read(self.body_timeout, too_large)

    async def document(self, ask: Ask, name: str) -> bytes:
        """Return a document, shared with all who are being sent it; raises UnknownData and Busy."""
        return await self.lender.borrow(name, ask.caller, ask.held)

    def hold(self, ask: Ask, body: bytes) -> bytes:
        """Return a body that is made for this request, counted until it is sent; raises Busy."""
        ask.held.enter_context(self.budget.claim(ask.caller)).take(len(body))
        return body

    def set_cookie(self, ask: Ask, answer: Answer, name: str, value: str, days: int) -> None:
        """Set a cookie that no script can read. The value is a token of ours, which needs no quotes."""
        secure = "; Secure" if self.base_url(ask).startswith("https:") else ""
        line = f"{name}={value}; Max-Age={days * 86400}; Path=/; HttpOnly; SameSite=Lax{secure}"
        answer.cookies.append(line)

    def know_viewer(self, ask: Ask, answer: Answer) -> Answer:
        """Give the browser its mapsrv_viewer cookie, unless it has one."""
        if not ask.known_viewer:
            self.set_cookie(ask, answer, VIEWER_COOKIE, secrets.token_urlsafe(16), VIEWER_DAYS)
        return answer
