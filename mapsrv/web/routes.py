"""One table of routes, and what holds for each of them, whichever way a request comes to it.

Those that are hot are asked more often than all others together: app.py has them answered before Quart.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mapsrv.asgi.error_body import note_error
from mapsrv.asgi.message import HSTS
from mapsrv.asgi.routes import route_of
from mapsrv.errors import MapsrvError, OverRate, UnsupportedMediaType
from mapsrv.hub.pictures import MAX_PICTURE
from mapsrv.web import commands, data, events, front, health, near, pages, pictures, presence
from mapsrv.web.answer import JSON, Answer, error_answer
from mapsrv.web.ask import Ask, ClientLeft
from mapsrv.web.site import Site

log = logging.getLogger("mapsrv.web")

HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "strict-origin"}


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table. `checked`: Host and Origin must be ours, since it changes state.

    `rate` is what a request counts as, before anything of its body is read.
    """

    path: str
    view: Callable[..., Awaitable[Answer]]
    method: str = "GET"
    checked: bool = False
    takes: tuple[str, ...] = ()  # media types of the body
    bare: bool = False  # may come without a body, and then without a type
    hot: bool = False
    rate: str | None = None

    async def answer(self, site: Site, ask: Ask, **names: str) -> Answer:
        """Answer a request, once it may ask; what is refused is an answer too. Raises ClientLeft."""
        try:
            self._check(site, ask)
            answer = await self.view(site, ask, **names)
        except OverRate as error:
            await site.rates.hold()
            answer = error_answer(error)
        except MapsrvError as error:
            answer = error_answer(error)
        except ClientLeft:
            raise
        except Exception as error:
            answer = failed(ask, error)
        return finished(site, ask, answer)

    def _check(self, site: Site, ask: Ask) -> None:
        if self.checked:
            site.check_edge(ask)
        if self.rate is not None:
            site.rates.check(self.rate, ask.caller)
        if not self.takes:
            return
        kind = ask.media_type
        if kind not in self.takes and not (self.bare and not kind and not _has_body(ask)):
            raise UnsupportedMediaType(f"Send the body with Content-Type: {' or '.join(self.takes)}.")
        if (ask.header("content-encoding") or "identity").lower() != "identity":
            raise UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")


def _has_body(ask: Ask) -> bool:
    return bool(ask.content_length) or ask.header("transfer-encoding") is not None


def finished(site: Site, ask: Ask, answer: Answer) -> Answer:
    """Return an answer with the headers that all have."""
    answer.headers.update(HEADERS)
    if answer.error is not None:
        note_error(ask.scope, answer.error)
    if site.origins.is_https(ask.scope):
        answer.headers["strict-transport-security"] = HSTS.decode()
    return answer


def failed(ask: Ask, error: Exception) -> Answer:
    """Return what is answered where the code is at fault."""
    log.error("%s %s failed", ask.method, route_of(ask.scope), exc_info=error)
    return error_answer(MapsrvError("The server failed, and its log says why; what you sent may be right."))


ROUTES = (
    Route("/", pages.home, checked=True),
    Route("/assets/<name>", pages.asset),
    Route("/basemap/<name>", pages.basemap),
    Route("/basemap/<version>/<z>/<x>/<y>", pages.tile),
    Route("/licenses.txt", pages.licences),
    Route("/sessions", pages.create, "POST", checked=True, takes=(JSON,), bare=True),
    Route("/events", events.events, checked=True, hot=True, rate="opens"),
    Route("/commands", commands.commands, "POST", checked=True, takes=(JSON,), hot=True, rate="commands"),
    Route("/presence", presence.presence, "POST", checked=True, takes=(JSON,), hot=True, rate="tabs"),
    Route("/front", front.trade, "POST", checked=True, takes=(JSON,)),
    Route("/pictures", pictures.pictures, "POST", checked=True, takes=(pictures.PNG,), rate="tabs"),
    Route("/state", data.state),
    Route("/state/near", near.near, rate="tabs"),
    Route("/style.json", data.style),
    Route("/log", data.log, checked=True, rate="tabs"),
    Route("/data", data.upload, "POST", checked=True, takes=(JSON, "application/geo+json"), rate="data"),
    Route("/data/<name>", data.download),
    Route("/health", health.health),
    Route("/ready", health.ready),
    Route("/metrics", health.numbers),
)


def body_limits(site: Site) -> dict[str, int]:
    """Return the bytes that a body may have, by path, where one is read."""
    return {
        "/commands": commands.MAX_BODY,
        "/data": site.hub.documents.max_data,
        "/presence": presence.MAX_BODY,
        "/front": front.MAX_BODY,
        "/pictures": MAX_PICTURE,
    }
