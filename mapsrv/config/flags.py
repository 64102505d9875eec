"""The settings of a process that serves maps, and of its demo: one table of options.

`mapsrv bridge` has a table of its own, in mapsrv/bridge/settings.py, read by the same parser.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from mapsrv import __version__
from mapsrv.config import values as v
from mapsrv.config.parser import Option, Parser
from mapsrv.config.rates import DEFAULT, DEFAULT_RATES, Rates, rates
from mapsrv.config.shared_options import HOST, KEEP_ALIVE, LOG, LOG_LEVEL, TRUSTED_PROXIES
from mapsrv.config.values import WrongValue

COMMANDS = ("serve", "stdio", "demo")
STDIO, DEMO = frozenset({"stdio"}), frozenset({"demo"})  # all else is for all: they may start a server
OF_DEMO = ("open", "data-dir")  # what its help tells besides its own

REDIS = ("redis", "rediss", "unix", "redis+sentinel")  # kinds of address of a store that pods share
DRAIN_WINDOW = 5.0  # seconds, where other processes can take over; alone there is nobody to spare

DOCUMENTS_IN_FLIGHT = 4  # of the largest size, at least: one address has a quarter, and each must fit


@dataclass(frozen=True, slots=True)
class Config:
    """What a process was told. Times are seconds, sizes bytes."""

    command: str = "serve"
    host: str = "127.0.0.1"
    port: int = 8081
    store: str = "memory:"
    data_dir: Path = Path(".")
    public_url: str | None = None  # without a slash at its end
    allowed_host: tuple[str, ...] = ()
    trusted_proxies: tuple[v.Network, ...] = ()
    rates: Rates = DEFAULT_RATES
    open: bool = False
    max_data: int = 16 * 1024 * 1024
    max_streams: int = 5_000
    keep_alive: float = 75.0
    max_in_flight: int = 256 * 1024 * 1024
    max_mcp_sessions: int = 1000
    max_mcp_sessions_a_client: int = 200
    max_mcp_unread: int = 1024 * 1024
    mcp_resume: float = 60.0
    mcp_idle: float = 3600.0
    mcp_idle_ends: str = "crowded"
    session_idle: float = 3600.0
    session_ttl: float = 30 * 86400.0
    durability: str = "redis"
    secret_file: Path | None = None
    wait_for_viewer: float = 2.0
    drain_delay: float = 0.0
    drain_window: float = 0.0
    log: str | None = None  # as befits what stderr is
    log_level: str = "info"
    no_files: bool = False
    transport: str = "sse"
    url: str | None = None
    session: str | None = None
    idle_exit: float | None = None
    any_port: bool = False
    pace: float = 4.0


def _store(text: str) -> str:
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("memory", "sqlite", *REDIS) or bool(rest) == (kind == "memory"):
        raise WrongValue("must be memory:, sqlite:PATH or an address such as redis://localhost:6379/0")
    return text


def shared(store: str) -> bool:
    """Return whether other processes may serve the maps of this store too."""
    return store.partition(":")[0] in REDIS


_durability, _transport = v.one_of("redis", "replicated"), v.one_of("sse", "http", "stdio")
_idle_ends = v.one_of("crowded", "always")

_OPTIONS = (
    HOST,
    Option("port", v.port, "8081", "port to listen on; 0 picks a free one", "PORT"),
    Option(
        "store",
        _store,
        None,
        "memory:, sqlite:PATH, redis://HOST; default: the user's file",
        "STORE",
        secret=True,
    ),
    Option("data-dir", v.path("folder"), None, "data folder; default: the user's own", "PATH"),
    Option("public-url", v.url, None, "what links begin with, behind a proxy", "URL"),
    Option(
        "allowed-host",
        v.hosts,
        None,
        "another host name that pages may use; repeatable",
        "HOST",
        repeatable=True,
    ),
    TRUSTED_PROXIES,
    Option("rates", rates, DEFAULT, "how often each caller may ask for what, or off", "RATES"),
    Option("open", v.yes, None, "open the map in a browser, or not; default: open"),
    Option("max-data", v.body_size, "16MiB", "largest GeoJSON document", "BYTES"),
    Option("max-streams", v.count, "5000", "most event streams that one map may have", "COUNT"),
    Option("max-in-flight", v.flight_size, "256MiB", "most bytes of requests and data on their way", "BYTES"),
    KEEP_ALIVE,
    Option("max-mcp-sessions", v.count, "1000", "most MCP sessions over /sse", "COUNT"),
    Option("max-mcp-sessions-a-client", v.count, "200", "most of them from one address", "COUNT"),
    Option(
        "max-mcp-unread", v.body_size, "1MiB", "most that waits for an MCP client that does not read", "BYTES"
    ),
    Option(
        "mcp-resume", v.some_time, "60s", "an MCP stream that broke can be resumed for this long", "SECONDS"
    ),
    Option("mcp-idle", v.some_time, "1h", "an MCP session without a call for this long is idle", "SECONDS"),
    Option(
        "mcp-idle-ends", _idle_ends, "crowded", "idle MCP sessions end when it is crowded, or always", "WORD"
    ),
    Option("session-idle", v.some_time, "1h", "an unused map leaves memory after this", "SECONDS"),
    Option(
        "session-ttl", v.some_time, "30d", "in Redis, a map that nobody uses is kept this long", "SECONDS"
    ),
    Option("durability", _durability, "redis", "what an answer waits for: redis or replicated", "WORD"),
    Option("secret-file", v.path("file"), None, "keys to sign by, one a line; default: made once", "PATH"),
    Option(
        "wait-for-viewer",
        v.wait,
        "2s",
        "a drawing call over MCP waits this long for a browser; 0: not",
        "SECONDS",
    ),
    Option("drain-delay", v.wait, "0", "wait between not being ready and stopping", "SECONDS"),
    Option("drain-window", v.wait, None, "streams end over this; default: 5s with Redis, else 0", "SECONDS"),
    LOG,
    LOG_LEVEL,
    Option("no-files", v.yes, None, "over stdio, refuse to read files of this machine", commands=STDIO),
    Option("transport", _transport, "sse", "how the demo talks: sse, http or stdio", "NAME", DEMO),
    Option("url", v.url, None, "server that the demo uses; default: the running one", "URL", DEMO),
    Option("session", str, None, "map that the demo draws on; default: the one in front", "ID", DEMO),
    Option("pace", v.wait, "4", "pause between the demo's steps", "SECONDS", DEMO),
    Option("idle-exit", v.some_time, None, "end when unused for this long", "SECONDS", hidden=True),
    Option("any-port", v.yes, None, "where the port is taken, listen on a free one", hidden=True),
)


# Settings that may hold a password, with their variables: a command line can be read by all users.
SECRET = {option.name: option.env for option in _OPTIONS if option.secret}


def options() -> tuple[Option, ...]:
    """Return the options that people are told of, in the order of help and docs."""
    return tuple(option for option in _OPTIONS if not option.hidden)


ABOUT = {
    "serve": "A live map that people and language models share. mapsrv stdio, mapsrv demo and mapsrv bridge"
    " have a --help of their own.",
    "stdio": "The same over stdio, for a host that starts its MCP servers itself. Starts a server where none"
    " runs.",
    "demo": "Draws on the map in front through a real MCP client, in about a minute. Flags of the server that"
    " it starts over stdio stand in mapsrv --help.",
}


def _told(option: Option, command: str) -> bool:
    """Whether a command's help tells of an option."""
    if command == "demo":
        return option.commands == DEMO or option.name in OF_DEMO
    return option.fits(command)


def _parser(command: str) -> Parser:
    told = [replace(option, hidden=option.hidden or not _told(option, command)) for option in _OPTIONS]
    named = "mapsrv" if command == "serve" else f"mapsrv {command}"
    usage = "mapsrv [stdio | demo | bridge] [options]" if command == "serve" else f"{named} [options]"
    parser = Parser(named, allow_abbrev=False, description=ABOUT[command], usage=usage)
    parser.add_argument("--version", action="version", version=f"mapsrv {__version__}")
    parser.add_argument(
        "command", nargs="?", choices=(*COMMANDS, "bridge"), default="serve", help=argparse.SUPPRESS
    )
    parser.add_options(told)
    parser.add_argument("--no-open", dest="open", action="store_const", const="0", help="open no browser")
    return parser


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Config:
    """Return the Config of a command line (without the program's name) and an environment."""
    parser = _parser(next((word for word in argv if word in COMMANDS), "serve"))
    given = parser.parse_intermixed_args(list(argv))
    if given.command == "bridge":
        parser.error("bridge must come first: mapsrv bridge --port 8080 -- COMMAND")
    for option in _OPTIONS:
        if not option.fits(given.command) and getattr(given, option.field) is not None:
            parser.error(f"--{option.name} is not an option of mapsrv {given.command}")
    mine = [option for option in _OPTIONS if option.fits(given.command)]
    found = parser.values(mine, given, environ)
    data_dir = found.setdefault("data_dir", platformdirs.user_data_path("mapsrv", appauthor=False))
    found.setdefault("store", f"sqlite:{data_dir / 'maps.sqlite'}")
    found.setdefault("open", True)
    found["max_in_flight"] = max(found["max_in_flight"], DOCUMENTS_IN_FLIGHT * found["max_data"])
    found.setdefault("drain_window", DRAIN_WINDOW if shared(found["store"]) else 0.0)
    return Config(given.command, **found)
