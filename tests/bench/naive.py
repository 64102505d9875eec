"""What one would write to share maps through Redis: each command SETs the whole map and PUBLISHes the op.

Starlette on uvicorn with redis-py's own asyncio client. A pod keeps what it heard, so that a command
costs one round trip; two pods that change a map at once lose one change, nothing is checked, no key
is remembered, nothing is replayed.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class Maps:
    """The maps of one pod, and who reads them."""

    def __init__(self, url: str) -> None:
        from redis.asyncio import BlockingConnectionPool, Redis

        # redis-py's own pool fails at the 101st command at once.
        self._redis = Redis.from_pool(BlockingConnectionPool.from_url(url, max_connections=50, timeout=60))
        self._states: dict[str, dict[str, Any]] = {}
        self.queues: defaultdict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    async def state(self, name: str) -> dict[str, Any]:
        """Return a map as this pod has it."""
        if name not in self._states:
            found = await self._redis.get(f"map:{name}")
            self._states[name] = json.loads(found) if found else {"layers": {}, "paint": {}}
        return self._states[name]

    async def change(self, name: str, asked: dict[str, Any]) -> None:
        """Do a command: all pods hear of it, this one too."""
        state = await self.state(name)
        apply(state, asked)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.set(f"map:{name}", json.dumps(state))
            pipe.publish(f"news:{name}", json.dumps(asked))
            await pipe.execute()

    async def listen(self) -> None:
        """Hear of all maps for ever."""
        async with self._redis.pubsub() as pubsub:
            await pubsub.psubscribe("news:*")
            async for message in pubsub.listen():
                if message["type"] != "pmessage":
                    continue
                name = message["channel"].decode()[5:]
                if name in self._states:
                    apply(self._states[name], json.loads(message["data"]))
                for queue in self.queues.get(name, ()):
                    queue.put_nowait(message["data"].decode())


def apply(state: dict[str, Any], asked: dict[str, Any]) -> None:
    """Change a map as the command says."""
    arguments = asked["arguments"]
    if asked["command"] == "add_layer":
        state["layers"][arguments["id"]] = arguments
    elif asked["command"] == "set_layer_paint":
        state["paint"][arguments["layer_id"]] = arguments["properties"]
    else:
        state[asked["command"]] = arguments


def shared_app(url: str) -> Any:
    """Return the ASGI application."""
    from sse_starlette import EventSourceResponse
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    maps = Maps(url)

    async def stream(name: str) -> AsyncIterator[dict[str, str]]:  # noqa: ASYNC900 (as its readme has it)
        queue: asyncio.Queue[str] = asyncio.Queue()
        maps.queues[name].add(queue)
        try:
            yield {"event": "snapshot", "data": json.dumps(await maps.state(name))}
            while True:
                yield {"event": "event", "data": await queue.get()}
        finally:
            maps.queues[name].discard(queue)

    async def events(request: Request) -> EventSourceResponse:  # noqa: ASYNC124 (a plain one gets a thread)
        return EventSourceResponse(stream(request.query_params["session"]))

    async def commands(request: Request) -> JSONResponse:
        await maps.change(request.query_params["session"], await request.json())
        return JSONResponse({"changed": True})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        listening = asyncio.create_task(maps.listen())
        yield
        listening.cancel()

    routes = [Route("/events", events), Route("/commands", commands, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)
