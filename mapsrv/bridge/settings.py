"""What a bridge was told: where it listens, who may call it, what it serves, and within which bounds.

One table of options, read as all of mapsrv's are; the bounds among them may also stand in the file of
servers, for one of them. Nothing here is heavy: the command line is read before anything is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from mapsrv.config import values as v
from mapsrv.config.parser import Option, Parser
from mapsrv.config.shared_options import HOST, KEEP_ALIVE, LOG, LOG_LEVEL, TRUSTED_PROXIES

Mode: TypeAlias = Literal["per-session", "shared", "pool"]
MODES: tuple[Mode, ...] = get_args(Mode)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # of a server: it stands in addresses


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one server; times are seconds, sizes bytes."""

    sessions: int = 1000
    sessions_a_client: int = 1000
    children: int = 1000  # processes at the same time, those that are ending too
    idle: float = 3600.0  # a session that nobody uses ends after this
    resume: float = 60.0  # and one whose stream broke, after this
    spare: int = 2  # children that a pool starts ahead
    body: int = 4 * 1024 * 1024  # of one POST
    calls: int = 100  # of one session, unanswered
    unread: int = 16 * 1024 * 1024  # that waits for one reader
    memory: int | None = None  # of a child's address space
    cpu: int | None = None  # seconds of the processor that a child may use
    files: int | None = None  # that a child may have open

    @property
    def rlimits(self) -> dict[str, int]:
        """Those that the kernel keeps, by the names that RLIMIT_ has."""
        found = {"AS": self.memory, "CPU": self.cpu, "NOFILE": self.files}
        return {name: value for name, value in found.items() if value is not None}


_memory = v.size(2**20, 2**50, "a size from 1MiB to 1PiB, such as 512MiB")
_cpu = v.size(1, v.YEAR, "a whole number of seconds")

# Named as they are flags; in a file, and as fields of Limits, they are without max- and child-.
_BOUNDS = (
    Option("idle", v.some_time, "1h", "a session that nobody uses ends after this", "SECONDS"),
    Option("resume", v.some_time, "60s", "a stream that broke can be resumed for this long", "SECONDS"),
    Option("max-sessions", v.count, "1000", "most sessions of a server", "COUNT"),
    Option("max-sessions-a-client", v.count, "1000", "most sessions of a server from one address", "COUNT"),
    Option("max-children", v.count, "1000", "most processes of a server", "COUNT"),
    Option("spare", v.whole(0, 1000), "2", "processes that a pool starts ahead", "COUNT"),
    Option("max-body", v.body_size, "4MiB", "largest message that a client may send", "BYTES"),
    Option("max-calls", v.count, "100", "most unanswered calls of a session", "COUNT"),
    Option("max-unread", v.body_size, "16MiB", "most that waits for a client that does not read", "BYTES"),
    Option("child-memory", _memory, None, "address space of a process; default: no bound", "BYTES"),
    Option("child-cpu", _cpu, None, "processor time of a process; default: no bound", "SECONDS"),
    Option("child-files", v.count, None, "open files of a process; default: no bound", "COUNT"),
)


def _limit(option: Option) -> str:
    """Return the field of Limits that an option sets."""
    return option.field.removeprefix("max_").removeprefix("child_")


BOUNDS = {_limit(option): option.convert for option in _BOUNDS}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a server that says nothing else; `pass_env` and what it says itself add up."""

    mode: Mode = "per-session"
    pass_env: tuple[str, ...] = ()
    limits: Limits = Limits()
    tell_stderr: bool = False


UNSAID = Defaults()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process was told. Either `config` or `command` is set."""

    host: str
    port: int
    log_level: str
    keep_alive: float
    defaults: Defaults
    log: str | None = None  # as befits what stderr is
    config: Path | None = None
    command: tuple[str, ...] = ()
    public_url: str | None = None
    allowed_host: tuple[str, ...] = ()
    trusted_proxies: tuple[v.Network, ...] = ()
    api_key_file: Path | None = None
    name: str | None = None  # of the command

    @property
    def rereadable(self) -> bool:
        """Whether some of it stands in files."""
        return self.config is not None or self.api_key_file is not None


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise v.WrongValue("must be letters, digits, _ . and -, for an address")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if any("=" in name or "\0" in name for name in names):
        raise v.WrongValue("must be names of variables, such as DATABASE_URL")
    return names


OPTIONS = (
    HOST,
    Option("port", v.port, "8080", "port to listen on; 0 picks a free one", "PORT"),
    Option("config", v.path("file"), None, "servers to serve, as MCP hosts write them", "PATH"),
    Option("name", _name, None, "what a single server is called; default: its command's name", "NAME"),
    Option("mode", v.one_of(*MODES), "per-session", "per-session, shared or pool", "MODE"),
    Option("pass-env", _names, None, "variable that children get too; repeatable", "NAME", repeatable=True),
    Option("api-key-file", v.path("file"), None, "keys, one a line, of which callers need one", "PATH"),
    Option("public-url", v.url, None, "what the bridge is called, behind a proxy", "URL"),
    Option("allowed-host", v.hosts, None, "another name of the bridge; repeatable", "HOST", repeatable=True),
    TRUSTED_PROXIES,
    Option("tell-stderr", v.yes, None, "tell clients what a process said last, off loopback too"),
    KEEP_ALIVE,
    LOG,
    LOG_LEVEL,
    *_BOUNDS,
)


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings of a command line (what follows `bridge`) and an environment."""
    words = list(argv)
    end = words.index("--") if "--" in words else len(words)
    parser = _parser()
    given, more = parser.parse_known_args(words[:end])
    command = tuple(words[end + 1 :])
    if more and not more[0].startswith("-"):
        parser.error(f"the command goes after --: mapsrv bridge -- {' '.join(more)[:200]}")
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)[:200]}")
    found = parser.values(OPTIONS, given, environ)
    if command and given.config is None:
        found.pop("config", None)  # of the environment: what is said here wins
    if bool(command) == ("config" in found):
        why = "not both" if command else "neither was given"
        parser.error(f"say what to serve: a command after -- or a file of servers with --config; {why}")
    limits = {_limit(option): found.pop(option.field) for option in _BOUNDS if option.field in found}
    limited, tells = Limits(**limits), found.pop("tell_stderr", False)
    defaults = Defaults(found.pop("mode"), found.pop("pass_env", ()), limited, tells)
    return Settings(**found, command=command, defaults=defaults)


def _parser() -> Parser:
    about = "Serves stdio MCP servers over HTTP: GET /sse with POST /messages, and /mcp."
    usage = "mapsrv bridge [option ...] -- COMMAND [ARG ...]\n       mapsrv bridge [option ...] --config PATH"
    parser = Parser("mapsrv bridge", allow_abbrev=False, description=about, usage=usage)
    parser.add_options(OPTIONS)
    return parser
