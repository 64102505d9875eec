"""The cases: which server under which load, by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

import trio

from tests.bench.cores import python_words, server_words
from tests.bench.load_tool import NUMBER, Loaded, LoadTool
from tests.bench.peers import mcp, servers
from tests.bench.peers.compare import Case
from tests.bench.peers.servers import CAMERA, Absent, Served
from tests.bench.pods import Pod, open_redis
from tests.bench.sessions import new_maps
from tests.bench.takeover import take_over
from tests.bridge.kit.running import running
from tests.bridge.kit.wrappers import Mapsrv, NpmProxy, Supergateway, Wrapper
from tests.kit.ports import free_port

VIEWERS = 500
SENDERS = 16
OPENED = 3_000
WEIGHED = (VIEWERS, 4_000)
CONNECTIONS = 32  # of commands
MCP_CONNECTIONS = 50
BRIDGED = (20, 100)  # clients
TRANSPORTS = ("http", "sse")
MODES = ("per-session", "shared")
ECHO = f'{{"value":1{NUMBER}}}'


@dataclass(frozen=True, slots=True)
class Bench:
    """What all cases need; `landed` is the interpreter of an earlier release."""

    tool: LoadTool
    seconds: float
    taken_over: int
    landed: str | None


def all_cases(bench: Bench) -> dict[str, Case]:
    """Return every case, by its name: what is measured, and of whom."""
    made: dict[str, Case] = {}
    for who in ("mapsrv", "landed", "Starlette*", "node", "nchan"):
        for senders in (1, SENDERS):
            made[f"fan {senders}, {who}"] = partial(_fan, bench, who, senders)
        made[f"open, {who}"] = partial(_open, bench, who, (0, OPENED))
        made[f"weigh, {who}"] = partial(_open, bench, who, WEIGHED)
    for who in ("mapsrv", "landed", "naive"):
        made[f"commands, {who}"] = partial(_commands, bench, who, None, CONNECTIONS)
    for who in ("mapsrv", "landed"):
        made[f"one by one, {who}"] = partial(_commands, bench, who, "memory:", 1)
        made[f"pipe, {who}"] = partial(_pipe, bench, who)
    for who in ("mapsrv", "landed", "SDK"):
        made[f"tools, {who}"] = partial(_tools, bench, who)
    for who in ("mapsrv", "landed", "naive"):
        made[f"takeover, {who}"] = partial(_takeover, bench, who)
    for transport in TRANSPORTS:
        for clients in BRIDGED:
            for who in bridges():
                made[f"bridge {transport} {clients}, {who}"] = partial(
                    _bridge, bench, who, transport, clients
                )
    return made


def bridges() -> list[str]:
    """Return the names of all bridges that are compared."""
    ours = [f"{who} {mode}" for mode in MODES for who in ("mapsrv", "landed")]
    return [*ours, NpmProxy.name, Supergateway.name]


def python_of(bench: Bench, who: str) -> str | None:
    """Return the interpreter whose mapsrv is meant; None is ours."""
    return bench.landed if who.startswith("landed") else None


def serving(bench: Bench, who: str, store: str | None = None) -> AbstractContextManager[Served]:
    """Return what runs a server of one map."""
    makes: dict[str, servers.Make] = {
        "Starlette*": servers.starlette,
        "node": servers.node_http,
        "nchan": servers.nchan,
        "naive": servers.naive,
    }
    return makes[who]() if who in makes else servers.mapsrv(python_of(bench, who), store)


def _fan(bench: Bench, who: str, senders: int) -> Loaded:
    with serving(bench, who) as at:
        posts = at.posts(senders)
        return bench.tool.fan(at.port, at.pid, at.get, at.marks, posts, VIEWERS, bench.seconds)


def _open(bench: Bench, who: str, streams: tuple[int, int]) -> Loaded:
    with serving(bench, who) as at:
        return bench.tool.open(at.port, at.pid, at.get, at.marks[0], streams)


def _commands(bench: Bench, who: str, store: str | None, connections: int) -> Loaded:
    with serving(bench, who, store) as at:
        return bench.tool.post(at.port, at.pid, at.posts(connections), connections, bench.seconds)


def _tools(bench: Bench, who: str) -> Loaded:
    with _mcp_server(bench, who) as (port, pid, arguments):
        calls = [mcp.call("set_map_view", arguments, n) for n in range(MCP_CONNECTIONS)]
        requests = [mcp.http_session(port, "/mcp", one, n) for n, one in enumerate(calls)]
        return bench.tool.post(port, pid, requests, len(requests), bench.seconds)


@contextmanager
def _mcp_server(bench: Bench, who: str) -> Iterator[tuple[int, int, str]]:
    if who == "SDK":
        port = free_port()
        with servers.process([sys.executable, "-m", "tests.bench.rivals", "http", str(port)], port) as pid:
            yield port, pid, f'{{"zoom":1.{NUMBER}}}'
        return
    with servers.mapsrv_server(python_of(bench, who)) as server:
        assert server.process is not None
        yield server.port, server.process.pid, view_of(server.new_map())


def view_of(session: str) -> str:
    """Return the arguments of a call that moves the camera of a map."""
    return f'{{"session_id":"{session}",{CAMERA[1:]}'


def _pipe(bench: Bench, who: str) -> Loaded:
    python = python_of(bench, who)
    with servers.mapsrv_server(python) as server:
        words = server_words([*python_words(python), "-m", "mapsrv", "stdio", "--no-open"])
        call = mcp.call("set_map_view", view_of(server.new_map()), 0)
        return mcp.pipe_calls(words, server.folder, call, bench.seconds)


class OnServersCore:
    """A wrapper on the server's core; ours may be that of an earlier release."""

    def __init__(self, wrapper: Wrapper, python: str | None) -> None:
        self._wrapper, self._python = wrapper, python
        self.name, self.paths = wrapper.name, wrapper.paths
        self.health, self.idle = wrapper.health, wrapper.idle

    def install(self) -> None:
        try:
            self._wrapper.install()
        except RuntimeError as error:
            raise Absent(str(error)) from None

    def command(self, *given: object) -> list[str]:
        words = self._wrapper.command(*given)  # type: ignore[arg-type]
        if self._python is not None:
            words[:1] = python_words(self._python)
        return server_words(words)


def _bridge(bench: Bench, who: str, transport: str, clients: int) -> Loaded:
    others: dict[str, Wrapper] = {NpmProxy.name: NpmProxy(), Supergateway.name: Supergateway()}
    wrapper = OnServersCore(others.get(who) or Mapsrv(who.split()[1]), python_of(bench, who))
    wrapper.install()
    with running(wrapper, transport) as run:  # type: ignore[arg-type]
        calls = [mcp.call("echo", ECHO, n) for n in range(clients)]
        if transport == "http":
            requests = [mcp.http_session(run.port, run.path, one, n) for n, one in enumerate(calls)]
            return bench.tool.post(run.port, run.pid, requests, clients, bench.seconds)
        with mcp.sse_sessions(run.port, run.path, calls) as made:
            return bench.tool.call(run.port, run.pid, made, mcp.ANSWER, bench.seconds)


def _takeover(bench: Bench, who: str) -> Loaded:
    with open_redis() as redis, _pod(bench, who, redis.url) as old, _pod(bench, who, redis.url) as new:
        count = bench.taken_over
        naive = who == "naive"
        maps = [old.new_map() for _ in range(count)] if naive else trio.run(new_maps, old.port, count)
        found = trio.run(take_over, old, new, maps, 1)
    last = max(found.waits)
    return Loaded(count / last, found.cpu * 1000, last * 1000, last * 1000, found.memory)


@contextmanager
def _pod(bench: Bench, who: str, url: str) -> Iterator[Pod]:
    if who == "naive":
        names, port = iter(range(1_000_000)), free_port()
        with servers.process(
            [sys.executable, "-m", "tests.bench.rivals", "shared", str(port), url], port
        ) as pid:
            yield Pod(port, pid, lambda: f"map-{next(names)}")
        return
    with servers.mapsrv_server(python_of(bench, who), "--store", url) as server:
        assert server.process is not None
        yield Pod(server.port, server.process.pid, server.new_map)
