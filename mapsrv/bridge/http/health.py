"""GET /health and GET /metrics: what is true of the servers now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import trio

from mapsrv.asgi.message import Answer, Scope, header
from mapsrv.bridge.sessions.service import Service
from mapsrv.metrics import bridge as meters
from mapsrv.metrics.registry import exposition

_DEEP = frozenset({b"deep=1", b"deep=true", b"deep"})


async def one(service: Service, scope: Scope, answer: Answer, why: bool) -> None:
    """Answer with one server's health: 200, or 503 with the reason, for who may know it (why)."""
    await _give(await _told(service, _deep(scope), why), answer)


async def all_of(services: Mapping[str, Service], scope: Scope, answer: Answer, why: bool) -> None:
    """Answer with the health of all servers together: of one alone, with just that."""
    if len(services) == 1:
        return await one(next(iter(services.values())), scope, answer, why)
    told: dict[str, Any] = {}

    async def ask(name: str, service: Service) -> None:
        told[name] = await _told(service, _deep(scope), why)

    async with trio.open_nursery() as nursery:
        for name, service in services.items():
            nursery.start_soon(partial(ask, name, service))
    sums = {what: sum(each[what] for each in told.values()) for what in ("children", "sessions")}
    sick = [f"{name}: {each['reason']}" for name, each in told.items() if "reason" in each]
    status = {"status": "unhealthy", "reason": " ".join(sick)} if sick else {"status": "healthy"}
    await _give(
        {**status, **sums, "servers": {name: told[name] for name in services if name in told}}, answer
    )


async def counters(services: Mapping[str, Service], scope: Scope, answer: Answer) -> None:
    """Answer with the metrics, in the format that Prometheus asks for."""
    for gauge in (meters.SESSIONS, meters.CHILDREN, meters.CHILD_MEMORY):
        gauge.clear()  # of servers that are no more
    for name, service in services.items():
        children = list(service.factory.children)
        meters.SESSIONS.labels(name).set(len(service.sessions))
        meters.CHILDREN.labels(name).set(len(children))
        meters.CHILD_MEMORY.labels(name).set(sum(child.memory for child in children))
    body, kind = exposition(meters.REGISTRY, header(scope, "accept"))
    await answer.give(200, {"content-type": kind}, body)


async def _told(service: Service, deep: bool, why: bool) -> dict[str, Any]:
    why_not = await service.health.why_not(deep)
    if why_not is not None and not why:
        why_not = "It cannot answer now. The reason is told to who asks with a key."
    status = {"status": "healthy"} if why_not is None else {"status": "unhealthy", "reason": why_not}
    return {**status, "children": len(service.factory.children), "sessions": len(service.sessions)}


async def _give(told: Mapping[str, Any], answer: Answer) -> None:
    well = told["status"] == "healthy"
    headers = {"content-type": "application/json", **({} if well else {"retry-after": "5"})}
    await answer.give(200 if well else 503, headers, json.dumps(told).encode())


def _deep(scope: Scope) -> bool:
    return any(part in _DEEP for part in scope["query_string"].split(b"&"))
