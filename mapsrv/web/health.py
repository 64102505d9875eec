"""What machines ask of the process: liveness, readiness, metrics. Whoever asks, by any name."""

from __future__ import annotations

from mapsrv.core.state import Json
from mapsrv.errors import Busy, Draining, StoreUnavailable
from mapsrv.metrics.maps import REGISTRY
from mapsrv.metrics.registry import exposition
from mapsrv.web.answer import Answer, json_answer
from mapsrv.web.ask import Ask
from mapsrv.web.site import Site


async def health(site: Site, ask: Ask) -> Answer:  # noqa: ASYNC124
    """Answer while the process works. Never asks the store: an outage there must not restart this."""
    return json_answer({"status": "healthy"})


async def ready(site: Site, ask: Ask) -> Answer:  # noqa: ASYNC124
    """Answer whether this server can serve; raises Draining or Busy."""
    if site.draining:
        raise Draining("This server is stopping.", retry_after=1)
    if site.streams.full:
        raise Busy("This server has as many streams as it can.", retry_after=10)
    status: dict[str, Json] = {"status": "ready"}
    if site.hub.room.full:
        raise StoreUnavailable("The store is away, and this server remembers all it can.", retry_after=5)
    if site.hub.degraded:
        status["degraded"] = True
    if site.hub.store.trouble is not None:
        status["reason"] = site.hub.store.trouble
    return json_answer(status)


async def numbers(site: Site, ask: Ask) -> Answer:  # noqa: ASYNC124
    """Answer the metrics as Prometheus reads them: in OpenMetrics' format where it asks for that."""
    body, content_type = exposition(REGISTRY, ask.header("accept"))
    return Answer(body, headers={"content-type": content_type, "cache-control": "no-store"})
