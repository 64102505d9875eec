"""The settings of a mapsrv process: one table of options, and the only reader of flags and environment.

A flag `--some-flag` has the environment variable MAPSRV_SOME_FLAG; the flag wins. A wrong value is
one plain sentence on stderr and exit code 2.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import platformdirs

from mapsrv import __version__

COMMANDS = ("serve", "stdio", "demo")
ALL = frozenset(COMMANDS)  # stdio and demo start a server where none runs
STDIO, DEMO = frozenset({"stdio"}), frozenset({"demo"})

REDIS = ("redis", "rediss", "unix", "redis+sentinel")  # kinds of address of a store that pods share

_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
YEAR = 366 * 86400  # seconds
DRAIN_WINDOW = 5.0  # seconds, where other processes can take over; alone there is nobody to spare
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)", re.ASCII | re.IGNORECASE)


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
    open: bool = False
    max_data: int = 16 * 1024 * 1024
    max_streams: int = 5_000
    session_idle: float = 3600.0
    session_ttl: float = 30 * 86400.0
    durability: str = "redis"
    drain_delay: float = 0.0
    drain_window: float = 0.0
    log_level: str = "info"
    no_files: bool = False
    transport: str = "sse"
    url: str | None = None
    session: str | None = None
    idle_exit: float | None = None
    any_port: bool = False
    pace: float = 1.5


class WrongValue(ValueError):
    """What a value must be; read after the option's name: "must be ..."."""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:18]) <= high):
            raise WrongValue(f"must be a whole number from {low} to {high}")
        return int(text)

    return convert


def _amount(units: Mapping[str, int], low: float, high: float, expected: str) -> Callable[[str], float]:
    def convert(text: str) -> float:
        found = _AMOUNT.fullmatch(text)
        amount = float(found[1]) * units.get(found[2].lower(), math.nan) if found else math.nan
        if not low <= amount <= high:
            raise WrongValue(f"must be {expected}")
        return amount

    return convert


def _word(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if text.lower() not in words:
            raise WrongValue(f"must be one of {', '.join(words)}")
        return words[text.lower()]

    return convert


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        plain = not (parts.query or parts.fragment or parts.username or re.search(r"[\s\\]", text))
        good = parts.scheme in ("http", "https") and parts.hostname and plain and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise WrongValue("must be a whole address, such as https://maps.example.org")
    return text.rstrip("/")


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", text):
        raise WrongValue("must be an address or a host name, such as 127.0.0.1, 0.0.0.0 or ::")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(re.fullmatch(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", name) for name in names):
        raise WrongValue("must be host names, such as maps.example.org or maps.example.org:8443")
    return names


def _path(text: str) -> Path:
    if "\0" in text:
        raise WrongValue("must be the path of a folder")
    return Path(os.path.expanduser(text))


def _store(text: str) -> str:
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("memory", "sqlite", *REDIS) or bool(rest) == (kind == "memory"):
        raise WrongValue("must be memory:, sqlite:PATH or an address such as redis://localhost:6379/0")
    return text


def _without_secret(text: str) -> str:
    """Return an address without what may hold a password."""
    user, at, host = text.partition("?")[0].rpartition("@")
    return f"...@{host}" if at else user + host


def shared(store: str) -> bool:
    """Return whether other processes may serve the maps of this store too."""
    return store.partition(":")[0] in REDIS


_port = _whole(0, 65535)
_count = _whole(1, 1_000_000)
_bytes = _amount(_SIZES, 1024, 2**30, "a size from 1KiB to 1GiB, such as 16MiB or 16777216")
_wait = _amount(_TIMES, 0, YEAR, "a time, such as 90s, 15m, 1h or 3600 (seconds)")
_some = _amount(_TIMES, 0.01, YEAR, "a time longer than nothing, such as 90s, 15m, 1h or 3600 (seconds)")
_yes = _word({"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False})
_level = _word({word: word for word in ("debug", "info", "warning", "error")})
_durability = _word({word: word for word in ("redis", "replicated")})
_transport = _word({word: word for word in ("sse", "http", "stdio")})


@dataclass(frozen=True, slots=True)
class Option:
    """A row of the table. `default` is as text, as a person would write it; None means not set."""

    name: str  # some-flag
    convert: Callable[[str], Any]
    default: str | None
    help: str
    value: str = ""  # how help names the value; a switch has none
    commands: frozenset[str] = ALL
    hidden: bool = False

    @property
    def flag(self) -> str:
        """The flag as help and README write it."""
        return f"--{self.name}/--no-{self.name}" if self.name == "open" else f"--{self.name}"

    @property
    def env(self) -> str:
        """The environment variable."""
        return "MAPSRV_" + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        """The field of Config."""
        return self.name.replace("-", "_")


_OPTIONS = (
    Option("host", _host, "127.0.0.1", "address to listen on; 0.0.0.0 for all", "ADDRESS"),
    Option("port", _port, "8081", "port to listen on; 0 picks a free one", "PORT"),
    Option("store", _store, None, "memory:, sqlite:PATH, redis://HOST; default: the user's file", "STORE"),
    Option("data-dir", _path, None, "data folder; default: the user's own", "PATH"),
    Option("public-url", _url, None, "what links begin with, behind a proxy", "URL"),
    Option("allowed-host", _hosts, None, "another host name that pages may use; repeatable", "HOST"),
    Option("open", _yes, None, "open the map in a browser, or not; default: open"),
    Option("max-data", lambda text: int(_bytes(text)), "16MiB", "largest GeoJSON document", "BYTES"),
    Option("max-streams", _count, "5000", "most event streams that one map may have", "COUNT"),
    Option("session-idle", _some, "1h", "an unused map leaves memory after this", "SECONDS"),
    Option("session-ttl", _some, "30d", "in Redis, a map that nobody uses is kept this long", "SECONDS"),
    Option("durability", _durability, "redis", "what an answer waits for: redis or replicated", "WORD"),
    Option("drain-delay", _wait, "0", "wait between not being ready and stopping", "SECONDS"),
    Option("drain-window", _wait, None, "streams end over this; default: 5s with Redis, else 0", "SECONDS"),
    Option("log-level", _level, "info", "least that is logged: debug, info, warning, error", "LEVEL"),
    Option("no-files", _yes, None, "over stdio, refuse to read files of this machine", commands=STDIO),
    Option("transport", _transport, "sse", "how the demo talks: sse, http or stdio", "NAME", DEMO),
    Option("url", _url, None, "server that the demo uses; default: the running one", "URL", DEMO),
    Option("session", str, None, "map that the demo draws on; default: a new one", "ID", DEMO),
    Option("pace", _wait, "1.5", "pause between the demo's steps", "SECONDS", DEMO),
    Option("idle-exit", _some, None, "end when unused for this long", "SECONDS", hidden=True),
    Option("any-port", _yes, None, "where the port is taken, listen on a free one", hidden=True),
)


def options() -> tuple[Option, ...]:
    """Return the options that people are told of, in the order of help and README."""
    return tuple(option for option in _OPTIONS if not option.hidden)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        shown = re.sub(r"://[^\s'\"]*@", "://...@", message).rstrip(".")  # a store's password
        print(f"mapsrv: {shown}. See mapsrv --help.", file=sys.stderr)
        sys.exit(2)


def _parser() -> _Parser:
    about = "A live map that people and language models share."
    parser = _Parser("mapsrv", allow_abbrev=False, description=about)
    parser.add_argument("--version", action="version", version=f"mapsrv {__version__}")
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="serve", help="default: serve")
    for option in _OPTIONS:
        help_ = argparse.SUPPRESS if option.hidden else f"{option.help} [{option.env}]"
        kind: dict[str, Any] = {"metavar": option.value}
        if not option.value:
            kind = {"action": "store_const", "const": "1"}
        elif option.name == "allowed-host":
            kind["action"] = "append"
        parser.add_argument(f"--{option.name}", dest=option.field, help=help_, **kind)
    parser.add_argument("--no-open", dest="open", action="store_const", const="0", help="open no browser")
    return parser


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Config:
    """Return the Config of a command line (without the program's name) and an environment."""
    parser = _parser()
    given = parser.parse_intermixed_args(list(argv))
    values: dict[str, Any] = {}
    for option in _OPTIONS:
        flag = getattr(given, option.field)
        if flag is not None and given.command not in option.commands:
            parser.error(f"--{option.name} is not an option of mapsrv {given.command}")
        text, source = _text_of(option, flag, environ)
        if text is None or given.command not in option.commands:
            continue
        try:
            values[option.field] = option.convert(text)
        except WrongValue as error:
            shown = _without_secret(text) if option.name == "store" else text
            parser.error(f"{source} {error}, not {shown[:200]!r}")
    data_dir = values.setdefault("data_dir", platformdirs.user_data_path("mapsrv", appauthor=False))
    values.setdefault("store", f"sqlite:{data_dir / 'maps.sqlite'}")
    values.setdefault("open", True)
    values.setdefault("drain_window", DRAIN_WINDOW if shared(values["store"]) else 0.0)
    return Config(given.command, **values)


def _text_of(
    option: Option, flag: str | list[str] | None, environ: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return the option's value as text and where it was said; an empty variable says nothing."""
    if flag is not None:
        return (flag if isinstance(flag, str) else ",".join(flag)), f"--{option.name}"
    text = environ.get(option.env, "").strip()
    if option.name == "port" and text.startswith("tcp://"):
        text = ""  # Kubernetes' own variable for a service that is called mapsrv
    return (text or option.default), option.env
