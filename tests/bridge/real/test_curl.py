"""What a person tries first on a running container, with curl itself, on filesystem's command line."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.bridge.real.kit import packages
from tests.bridge.real.kit.bridging import Bridge
from tests.bridge.real.kit.stage import served
from tests.store.kit.valkey import die_with_parent

ANSWER_SECONDS = 20.0
ENDPOINT = re.compile(r"event: endpoint\r?\n(?:id: .+\n)?data: (/\S+)\r?\n\r?\n")
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "c", "version": "1"},
}


@pytest.fixture(scope="module")
def filesystem(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    if shutil.which("curl") is None:
        why = "no curl: install Debian's curl to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    programs = packages.npm(packages.DEPLOY / "npm")
    with served("filesystem", tmp_path_factory.mktemp("filesystem"), *programs) as bridge:
        yield bridge


class Terminal:
    """A command as a person runs it: what it writes is there at once."""

    def __init__(self, program: str, *words: str) -> None:
        command = [shutil.which(program) or program, *words]
        self._reads, writes = pty.openpty()
        self.process = subprocess.Popen(
            die_with_parent(command), stdin=subprocess.DEVNULL, stdout=writes, stderr=subprocess.DEVNULL
        )
        os.close(writes)
        self.shown = ""

    def shows(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait for a text."""
        end = time.monotonic() + ANSWER_SECONDS
        while (found := pattern.search(self.shown)) is None:
            ready, _, _ = select.select([self._reads], [], [], end - time.monotonic())
            assert ready, f"it only shows {self.shown!r}"
            self.shown += os.read(self._reads, 65536).decode()
        return found

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._reads)


@contextmanager
def terminal(*command: str) -> Iterator[Terminal]:
    """Run a command until the block ends."""
    shown = Terminal(*command)
    try:
        yield shown
    finally:
        shown.close()


def post(port: int, path: str, method: str, number: int | None, params: dict[str, object]) -> int:
    """Send a message as a client does; return the status."""
    body = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
    link = http.client.HTTPConnection("localhost", port, timeout=ANSWER_SECONDS)
    try:
        link.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return link.getresponse().status
    finally:
        link.close()


def answer(number: int) -> re.Pattern[str]:
    """Return what an event with the answer to that request looks like."""
    return re.compile(rf'data: (\{{.*"id":{number}\b.*)\n')


def test_curl_of_health_says_healthy(filesystem: Bridge) -> None:
    words = ["curl", f"http://localhost:{filesystem.port}/health"]
    said = subprocess.run(words, capture_output=True, text=True, timeout=ANSWER_SECONDS)
    assert said.returncode == 0
    assert json.loads(said.stdout)["status"] == "healthy"


def test_curl_of_sse_gives_an_endpoint_and_stays_open(filesystem: Bridge) -> None:
    words = ("curl", "-H", "Accept: text/event-stream", f"http://localhost:{filesystem.port}/sse")
    with terminal(*words) as curl:
        path = curl.shows(ENDPOINT)[1]
        assert post(filesystem.port, path, "initialize", 1, INITIALIZE) == 202
        assert "secure-filesystem-server" in curl.shows(answer(1))[1]
        assert post(filesystem.port, path, "notifications/initialized", None, {}) == 202
        assert post(filesystem.port, path, "tools/list", 2, {}) == 202
        assert "read_text_file" in curl.shows(answer(2))[1]
        assert curl.process.poll() is None


@pytest.mark.parametrize(
    ("host", "status"), [("filesystem:8080", "204"), ("[::1]:8502", "204"), ("evil.test", "403")]
)
def test_the_services_own_names_pass_and_no_others(filesystem: Bridge, host: str, status: str) -> None:
    words = ["curl", "-s", "-X", "OPTIONS", "-o", os.devnull, "-w", "%{http_code}", "-H", f"Host: {host}"]
    url = f"http://127.0.0.1:{filesystem.port}/mcp"
    said = subprocess.run([*words, url], capture_output=True, text=True, timeout=ANSWER_SECONDS)
    assert said.stdout == status
