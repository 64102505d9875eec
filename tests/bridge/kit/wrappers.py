"""What puts HTTP in front of a stdio server: mapsrv's bridge and its rivals, each started as a process.

The rivals come from npm and PyPI when they are first asked for, into folders that git ignores. All run
as their own documents say, with sessions where they have a switch for them, and with quiet logs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shlex
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from tests.kit import node

RIVALS = Path(__file__).with_name("rivals")
PIP_SECONDS = 300


class Wrapper(Protocol):
    """`paths` is where each transport is; `health` where it says how it is.

    `idle` are flags by which a session that nobody uses for 2 s is over, where there is such a switch.
    """

    paths: ClassVar[dict[str, str]]
    health: ClassVar[str]
    idle: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str:
        """What tables call it."""

    def install(self) -> None:
        """Have its program on this machine. Raises RuntimeError."""

    def command(self, port: int, transport: str, flags: Sequence[str], child: Sequence[str]) -> list[str]:
        """Return the command that serves a child; `flags` are more of its own."""


@dataclass(frozen=True)
class Mapsrv:
    """Ours, by its command line or by a file of servers; `limits` are what that file bounds a child by."""

    mode: str = "per-session"
    config: Path | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    paths: ClassVar[dict[str, str]] = {"sse": "/sse", "http": "/mcp"}
    health: ClassVar[str] = "/health"
    idle: ClassVar[tuple[str, ...]] = ("--idle", "2", "--resume", "1")

    @property
    def name(self) -> str:
        return f"mapsrv, {self.mode}"

    def install(self) -> None:
        pass

    def command(self, port: int, transport: str, flags: Sequence[str], child: Sequence[str]) -> list[str]:
        words = [sys.executable, "-m", "mapsrv", "bridge", "--port", str(port), *flags]
        if self.config is None:
            return [*words, "--mode", self.mode, "--", *child]
        server = {"command": child[0], "args": child[1:], "mode": self.mode, "limits": dict(self.limits)}
        self.config.write_text(json.dumps({"mcpServers": {"abuse": server}}))
        return [*words, "--config", str(self.config)]


class _Npm:
    def install(self) -> None:
        if (problem := node.problem(RIVALS)) is not None:
            raise RuntimeError(f"npm could not install the rivals: {problem}")


class Supergateway(_Npm):
    """One transport at a time; for streamable HTTP a child a session, for SSE one for all."""

    name = "supergateway"
    paths: ClassVar[dict[str, str]] = {"sse": "/sse", "http": "/mcp"}
    health: ClassVar[str] = "/healthz"
    idle: ClassVar[tuple[str, ...]] = ("--sessionTimeout", "2000")
    program = RIVALS / "node_modules" / "supergateway" / "dist" / "index.js"

    def command(self, port: int, transport: str, flags: Sequence[str], child: Sequence[str]) -> list[str]:
        words = [node.node(), str(self.program), "--stdio", shlex.join(child), "--port", str(port)]
        words += ["--logLevel", "none", "--healthEndpoint", self.health]
        stateful = ("--outputTransport", "streamableHttp", "--stateful")
        return [*words, *(("--outputTransport", "sse") if transport == "sse" else (*stateful, *flags))]


class NpmProxy(_Npm):
    """Both transports, with sessions of its own in front of one child."""

    name = "mcp-proxy (npm)"
    paths: ClassVar[dict[str, str]] = {"sse": "/sse", "http": "/mcp"}
    health: ClassVar[str] = "/ping"
    idle: ClassVar[tuple[str, ...]] = ("--sessionIdleTimeout", "2000")
    program = RIVALS / "node_modules" / "mcp-proxy" / "dist" / "bin" / "mcp-proxy.mjs"

    def command(self, port: int, transport: str, flags: Sequence[str], child: Sequence[str]) -> list[str]:
        words = [node.node(), str(self.program), "--port", str(port), "--host", "127.0.0.1"]
        return [*words, *flags, "--", *child]


class PypiProxy:
    """Both transports; it lives in a virtual environment, since what it needs may clash with what we need."""

    name = "mcp-proxy (PyPI)"
    paths: ClassVar[dict[str, str]] = {"sse": "/sse", "http": "/mcp"}
    health: ClassVar[str] = "/status"
    idle: ClassVar[tuple[str, ...]] = ()
    folder = RIVALS / ".venv"
    requirements = RIVALS / "requirements.txt"

    def install(self) -> None:
        wanted, done = hashlib.sha256(self.requirements.read_bytes()).hexdigest(), self.folder / ".installed"
        with self.requirements.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another run installs to the same folder
            if done.exists() and done.read_text() == wanted:
                return
            venv.create(self.folder, clear=True, with_pip=True)
            pip = [str(self.folder / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet"]
            ran = subprocess.run([*pip, "-r", str(self.requirements)], timeout=PIP_SECONDS)
            if ran.returncode:
                raise RuntimeError("pip could not install mcp-proxy")
            done.write_text(wanted)

    def command(self, port: int, transport: str, flags: Sequence[str], child: Sequence[str]) -> list[str]:
        words = [str(self.folder / "bin" / "mcp-proxy"), "--port", str(port), "--log-level", "WARNING"]
        return [*words, "--pass-environment", *flags, "--", *child]


WRAPPERS: tuple[Wrapper, ...] = (
    Mapsrv(),
    Mapsrv("shared"),
    Mapsrv("pool"),
    Supergateway(),
    NpmProxy(),
    PypiProxy(),
)
