"""The composition root: opens store, hub, web and transports, and serves them until told to stop."""

from __future__ import annotations

import logging
import math
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import trio

from mapsrv import local
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.asgi.trusted_proxies import TrustedProxies
from mapsrv.budget import Budget
from mapsrv.config import Config, shared
from mapsrv.errors import StartupError, leaves
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.http_server.connections import Connections
from mapsrv.http_server.serve import obey, open_serving
from mapsrv.http_server.sockets import PortTaken, open_listeners, raise_file_limit
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import flush, open_hub
from mapsrv.local import opener
from mapsrv.local.front import Front, load_front
from mapsrv.local.waiting import WAITING_PATH, waiting_app
from mapsrv.logs import log_to_stderr
from mapsrv.metrics.maps import IN_FLIGHT, VIEWERS
from mapsrv.metrics.registry import measured
from mapsrv.prepare.refused_addresses import OwnRoutes
from mapsrv.server import memory
from mapsrv.server.counted import count_refused
from mapsrv.server.dispatch import Dispatch
from mapsrv.server.keys import open_keys
from mapsrv.server.loop_lag import watch_the_loop
from mapsrv.server.open_store import open_store
from mapsrv.server.port_taken import explained
from mapsrv.style_spec import open_engine
from mapsrv.tools.publish import Publisher
from mapsrv.tools.run import Tools
from mapsrv.transports.endpoints import PATHS, McpEndpoints, open_mcp
from mapsrv.transports.signed_session_id import Seal
from mapsrv.transports.sse_session_limits import SseLimits
from mapsrv.web.app import create_app
from mapsrv.web.page import Page
from mapsrv.web.routes import ROUTES
from mapsrv.web.site import Site
from mapsrv.web.streams import LIFETIME_SECONDS, Streams

log = logging.getLogger("mapsrv.server")


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open while the server serves."""

    hub: Hub
    site: Site
    mcp: McpEndpoints
    dispatch: Dispatch
    connections: Connections


async def serve(
    config: Config,
    *,
    stop: trio.Event | None = None,
    front: Front | None = None,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop` is set or a signal comes; starts with the server's URL. Raises StartupError.

    `front` is for who opens browsers at it; None: one is made of the data folder.
    """
    log_to_stderr(config.log_level, config.log)
    raise_file_limit()
    memory.return_what_is_large()
    stop = trio.Event() if stop is None else stop
    await trio.to_thread.run_sync(opener.clear, config.data_dir)
    if front is None:
        front = await trio.to_thread.run_sync(load_front, config.data_dir)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_stop_on_signal, stop)
            await _serve(config, stop, front, lambda url: task_status.started(url))
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        for error in leaves(group):
            if isinstance(error, StartupError):
                raise error from None
        raise


async def _serve(config: Config, stop: trio.Event, front: Front, started: Callable[[str], None]) -> None:
    try:
        listeners, port = await open_listeners(config.host, config.port, any_port=config.any_port)
    except PortTaken as error:
        raise await explained(config) or error from None
    try:
        secret, url = local.new_secret(), local.local_url(config.host, port)
        async with open_house(config, front, secret, url) as house, trio.open_nursery() as nursery:
            if config.idle_exit is not None:
                nursery.start_soon(_stop_when_unused, config.idle_exit, house, stop)
            memory.spare_the_collector()
            async with (
                local.open_announcement(config.data_dir, url, secret),
                # Who connected before waits in the backlog: a server that answers can be found.
                open_serving(house.connections, listeners),
            ):
                log.info("Serving maps at %s", config.public_url or url)
                started(url)
                await stop.wait()
                await _drain(config, house)
            nursery.cancel_scope.cancel()
    finally:
        for listener in listeners:
            listener.socket.close()


@asynccontextmanager
async def open_house(config: Config, front: Front, secret: str, url: str) -> AsyncIterator[House]:
    """Open all that serves `url`, which listens already. `secret` proves callers to be this user's own."""
    origins = OriginGuard(config.host, config.public_url, config.allowed_host, port=urlsplit(url).port)
    own = OwnRoutes(origins, (*(route.path for route in ROUTES), *PATHS, local.PATH, WAITING_PATH))
    page = await trio.to_thread.run_sync(Page)
    budget, rates = Budget(config.max_in_flight), RateLimits(config.rates)
    async with (
        open_store(config, url) as store,
        open_keys(config, store) as keys,
        open_engine() as engine,
        open_hub(
            store,
            max_data=config.max_data,
            session_idle=config.session_idle,
            engine=engine,
            gazetteer=Gazetteer(),
        ) as hub,
        open_mcp(
            Publisher(
                Tools(hub, front, own, rates, config.wait_for_viewer), origins=origins, secret=secret
            ).make_server,
            origins=origins,
            budget=budget,
            json_response=True,
            sse=_sse_limits(config),
            mail=hub.replicas.mail,
            rates=rates,
            seal=Seal(keys),
        ) as mcp,
    ):
        lifetime = LIFETIME_SECONDS if shared(config.store) else math.inf
        streams = Streams(hub, per_session=config.max_streams, lifetime=lifetime)
        site = Site(hub, origins, page, streams, budget, rates=rates, own=own, front=front)
        ours = {local.PATH: local.local_app(secret), WAITING_PATH: waiting_app(front)}
        mounts = {path: mcp.asgi for path in PATHS} | ours
        dispatch = Dispatch(create_app(site), mounts, TrustedProxies(config.trusted_proxies))
        connections = Connections(
            dispatch, config.keep_alive, lambda: budget.pressed, count_refused=count_refused
        )
        with measured(IN_FLIGHT, lambda: budget.all.taken), measured(VIEWERS, lambda: hub.viewers_here):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(streams.run)
                nursery.start_soon(watch_the_loop)
                yield House(hub, site, mcp, dispatch, connections)
                nursery.cancel_scope.cancel()


def _sse_limits(config: Config) -> SseLimits:
    return SseLimits(
        config.max_mcp_sessions,
        config.max_mcp_sessions_a_client,
        config.mcp_resume,
        config.mcp_idle,
        config.mcp_idle_ends == "always",
        config.max_mcp_unread,
    )


async def _drain(config: Config, house: House) -> None:
    """Not ready, then all is stored, then streams end one by one.

    Until they have ended requests are answered: whoever routes may not know yet.
    """
    house.site.draining = True
    await trio.sleep(config.drain_delay)
    house.hub.asking.end()  # who waits for a page would be cut off
    await flush(house.hub)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.mcp.drain, config.drain_window)
        await house.site.streams.drain(config.drain_window)


async def _stop_on_signal(stop: trio.Event) -> None:
    """Obey SIGINT and SIGTERM; ending at once loses nothing, as what is stored is safe."""
    if threading.current_thread() is not threading.main_thread():
        return await trio.lowlevel.checkpoint()
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        await obey(signals, stop)


async def _stop_when_unused(seconds: float, house: House, stop: trio.Event) -> None:
    while house.dispatch.idle_seconds < seconds or house.hub.viewers:  # noqa: ASYNC110
        await trio.sleep(min(30.0, seconds / 4))
    log.info("Stopping: nobody has used this server for %g s", seconds)
    stop.set()
