"""A real mapsrv process on a free port, and MCP clients of it over each transport.

Whenever one has ended its log is looked at: lines of JSON with their keys, and nothing that opens a map.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import trio
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.kit.log_lines import faults
from tests.kit.ports import free_port

TRANSPORTS = ("stdio", "sse", "http")
END_SECONDS = 45.0  # what the docs say for a pod whose store is away with what it alone has
START_SECONDS = 30.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # else each call reads all certificates first


class Server:
    """One mapsrv process that can be killed and started again on the same port and data."""

    python: tuple[str, ...] = (sys.executable,)
    program: tuple[str, ...] = ("-m", "mapsrv")
    variables: Mapping[str, str] = {}

    def __init__(self, folder: Path, *flags: str) -> None:
        self.folder, self.flags, self.port = folder, flags, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.made: list[str] = []  # maps, whose ids may be in no log

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "MAPSRV_DATA_DIR": str(self.folder), **self.variables}

    def start(self) -> None:
        command = [*self.python, *self.program, "--no-open", "--port", str(self.port), *self.flags]
        with (self.folder / "stderr.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=log)
        wait_until(lambda: self.answers("/ready") or self._ended(), START_SECONDS)
        assert not self._ended(), self.log

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def log(self) -> str:
        return (self.folder / "stderr.log").read_text()

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        process, self.process = self.process, None
        try:
            code = process.wait(END_SECONDS)
        finally:  # one that does not end is no reason to leave it there
            process.kill()
            process.wait()
        if self.python == Server.python:  # else it may be of an earlier release
            assert faults(self.log, self.made) == []
        return code

    def new_map(self) -> str:
        answer = httpx2.post(f"{self.url}/sessions", json={}, verify=NO_TLS)
        session_id: str = answer.raise_for_status().json()["session_id"]
        self.made.append(session_id)
        return session_id

    def state(self, session_id: str) -> dict[str, Any]:
        answer = httpx2.get(f"{self.url}/state", params={"session": session_id}, verify=NO_TLS)
        state: dict[str, Any] = answer.raise_for_status().json()
        return state

    def command(
        self, session_id: str, command: str, key: str | None = None, /, **arguments: Any
    ) -> dict[str, Any]:
        body = {"command": command, "arguments": arguments} | ({"id": key} if key else {})
        url, on = f"{self.url}/commands", {"session": session_id}
        answer = httpx2.post(url, params=on, json=body, timeout=30, verify=NO_TLS)
        assert answer.status_code == 200, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt


class Unrated(Server):
    """A server that counts nobody: for loads. By the variable, which earlier releases pass over."""

    variables = {"MAPSRV_RATES": "off"}


def wait_until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Poll until it is true; real processes give no other sign."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.03)
    return value


@contextlib.contextmanager
def running(folder: Path, *flags: str, kind: type[Server] = Server) -> Iterator[Server]:
    server = kind(folder, *flags)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.stop()


@contextlib.asynccontextmanager
async def client(server: Server, transport: str) -> AsyncIterator[ClientSession]:
    """Connect a real MCP client."""
    async with contextlib.AsyncExitStack() as stack:
        if transport == "stdio":
            command = [sys.executable, "-m", "mapsrv", "stdio", "--no-open"]
            parameters = StdioServerParameters(command=command[0], args=command[1:], env=server.env)
            streams: Any = await stack.enter_async_context(stdio_client(parameters))
        elif transport == "sse":
            streams = await stack.enter_async_context(sse_client(f"{server.url}/sse"))
        else:
            streams = await stack.enter_async_context(streamable_http_client(f"{server.url}/mcp"))
        session = await stack.enter_async_context(ClientSession(streams[0], streams[1]))
        await session.initialize()
        yield session


def call(server: Server, transport: str, *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Call tools one after the other over one connection; return what they answered."""

    async def main() -> list[dict[str, Any]]:
        answers = []
        with trio.fail_after(60):
            async with client(server, transport) as session:
                for name, arguments in calls:
                    result = await session.call_tool(name, arguments)
                    text = json.dumps([item.model_dump() for item in result.content], default=str)
                    assert not result.is_error, text
                    answers.append(result.structured_content or {})
        return answers

    return trio.run(main)
