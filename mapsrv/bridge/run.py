"""Runs the bridge: listens, serves, does what signals ask for, and ends its children with it."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from functools import partial

import trio

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.trusted_proxies import TrustedProxies
from mapsrv.bridge.children.reaper import open_reaper
from mapsrv.bridge.http.api_keys import Keys, read_keys
from mapsrv.bridge.http.app import Bridge
from mapsrv.bridge.servers_file import specs_of
from mapsrv.bridge.services import Services
from mapsrv.bridge.settings import Settings
from mapsrv.bridge.specs import Spec
from mapsrv.errors import StartupError
from mapsrv.http_server.connections import Connections
from mapsrv.http_server.serve import obey, open_serving
from mapsrv.http_server.sockets import Listeners, open_listeners, raise_file_limit
from mapsrv.logs import log_to_stderr
from mapsrv.metrics.bridge import count_refused

log = logging.getLogger("mapsrv.bridge")


async def run_bridge(settings: Settings, started: Callable[[str], object]) -> None:
    """Serve until a signal comes; started() is given what people are told then. Raises StartupError."""
    log_to_stderr(settings.log_level, settings.log)
    raise_file_limit()
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        specs, keys = _read(settings)
        listeners, port = await open_listeners(settings.host, settings.port)
        with open_reaper() as reaper:
            async with trio.open_nursery() as beside:
                async with trio.open_nursery() as nursery:
                    services = Services(nursery, reaper)
                    origins = OriginGuard(settings.host, settings.public_url, settings.allowed_host)
                    bridge = Bridge(services, origins, keys, TrustedProxies(settings.trusted_proxies))
                    await services.become(specs)
                    stop, again = trio.Event(), partial(_read_again, settings, bridge, services)
                    # On a second signal the guard ends the children.
                    beside.start_soon(obey, signals, stop, again if settings.rereadable else None)
                    tell = partial(started, greeting(settings, port, services))
                    connections = Connections(bridge, settings.keep_alive, count_refused=count_refused)
                    await _serve(bridge, services, connections, listeners, stop, tell)
                beside.cancel_scope.cancel()


def _read(settings: Settings) -> tuple[dict[str, Spec], Keys | None]:
    """Return what the files say. Raises StartupError."""
    return specs_of(settings), None if settings.api_key_file is None else read_keys(settings.api_key_file)


async def _read_again(settings: Settings, bridge: Bridge, services: Services) -> None:
    """Do what the files say now, or nothing where something is wrong in them."""
    try:
        specs, keys = _read(settings)
        await services.become(specs)
    except StartupError as error:
        log.error("All goes on as before: %s", error.message)
    else:
        bridge.keys = keys
        log.info("The files were read again; served are %s", ", ".join(services))


async def _serve(
    bridge: Bridge,
    services: Services,
    connections: Connections,
    listeners: Listeners,
    stop: trio.Event,
    started: Callable[[], object],
) -> None:
    """Serve until told to stop; then streams end, and connections are closed, then cut."""
    async with open_serving(connections, listeners):
        started()
        await stop.wait()
        bridge.draining = True
        services.end()


def greeting(settings: Settings, port: int, services: Services) -> str:
    """Return what a person is told when the bridge serves."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    base = settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"{name} is at {base}/servers/{name}/mcp and {base}/servers/{name}/sse" for name in services]
    return "\n".join([*lines, f"Health: {base}/health", "Ctrl-C ends it."])
