"""A bridge as a process of its own in front of real servers, and clients of it; all ends with the block."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import trio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

import mapsrv
from tests.bridge.kit import proc
from tests.kit.ports import free_port
from tests.store.kit.valkey import die_with_parent
from tests.transports.kit.serving import LEGACY, MODERN

SESSIONS = ("sse", "http-2025")  # ways in that have them
WAYS = (*SESSIONS, "http-2026")
START_SECONDS = 30.0
HEALTH_SECONDS = 30.0  # a server's first start reads all its files
STOP_SECONDS = 12.0
TALK_SECONDS = 60.0  # real ones; only a fault takes so long
WHERE = Path(mapsrv.__file__).resolve().parents[1]
SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass
class Bridge:
    """One that runs. `path` is where it has what is asked for: "" or /servers/NAME."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def health(self, path: str = "", deep: bool = False) -> tuple[int, dict[str, Any]]:
        """Return the status and the words of its health."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HEALTH_SECONDS)
        try:
            asked.request("GET", f"{path}/health{'?deep=1' if deep else ''}")
            answer = asked.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            asked.close()

    def listens(self) -> bool:
        """Return whether it does, or is no more."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the bridge ended with {self.process.returncode}: {self.log.read_text()}")
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HEALTH_SECONDS)
        try:
            asked.connect()
        except OSError:
            return False
        asked.close()
        return True

    def stop(self) -> None:
        """End it as a container's end does; nothing that it started is left."""
        below = proc.below(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        left = {pid for pid in below if Path(f"/proc/{pid}").exists() and proc.memory(pid)}
        proc.kill(left)
        assert not left, f"the bridge has left children behind: {self.log.read_text()[-2000:]}"


@contextmanager
def running(
    command: Sequence[str], folder: Path, programs: Sequence[Path] = (), env: Mapping[str, str] | None = None
) -> Iterator[Bridge]:
    """Run `mapsrv bridge ...` until the block ends, with these folders of programs before the system's."""
    port = free_port()
    path = os.pathsep.join(map(str, (Path(sys.executable).parent, *programs, *SYSTEM)))
    # mapsrv is found where it is installed; read as source it must be told of, to servers of ours too.
    source = {} if WHERE.name == "site-packages" else {"PYTHONPATH": str(WHERE)}
    own = {**source, "PATH": path, "HOME": str(folder), "MAPSRV_PORT": str(port), **(env or {})}
    program, *more = command
    assert program == "mapsrv"
    words = [sys.executable, "-m", "mapsrv", *_passing_on(source, more)]
    log = folder / "bridge.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            die_with_parent(words), env=own, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    bridge = Bridge(port, process, log)
    try:
        if not proc.wait_until(bridge.listens, START_SECONDS):
            raise RuntimeError(f"the bridge does not listen: {log.read_text()}")
        yield bridge
    finally:
        bridge.stop()


def _passing_on(source: Mapping[str, str], words: list[str]) -> list[str]:
    """Return the words, and that the servers get these variables too."""
    flags = [f"--pass-env={name}" for name in source]
    return [words[0], *flags, *words[1:]]


@asynccontextmanager
async def talking(url: str, way: str, name: str = "tester", **callbacks: Any) -> AsyncIterator[Client]:
    """Connect the SDK's client to the server whose routes begin with the url, over one of WAYS."""
    with trio.fail_after(TALK_SECONDS):
        async with httpx2.AsyncClient(timeout=TALK_SECONDS, trust_env=False) as http_client:
            if way == "sse":
                streams: Any = sse_client(f"{url}/sse", httpx_client_factory=_client)
            else:
                streams = streamable_http_client(f"{url}/mcp", http_client=http_client)
            mode: Any = MODERN if way == "http-2026" else "legacy"
            who = Implementation(name=name, version="1")
            done = False
            try:
                async with Client(streams, mode=mode, client_info=who, cache=None, **callbacks) as client:
                    assert client.protocol_version == (MODERN if way == "http-2026" else LEGACY)
                    yield client
                    done = True
            except* anyio.BrokenResourceError:
                # The SDK's reader fails by what a server says while its client closes.
                if not done:
                    raise


def _client(headers: Any = None, timeout: Any = None, auth: Any = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, trust_env=False)


async def tools(client: Client) -> set[str]:
    """Return the names of what a server offers."""
    return {tool.name for tool in (await client.list_tools()).tools}


async def said(client: Client, tool: str, **arguments: Any) -> str:
    """Return the text that a tool answers with, be it a refusal."""
    result = await client.call_tool(tool, arguments)
    return "\n".join(part.text for part in result.content if part.type == "text")
