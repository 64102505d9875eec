"""The attacks on the bridge, as a process, over both transports, with a child of its own and one for all."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from mapsrv.bridge.revisions.vocabulary import CAPABILITIES, VERSION
from tests.abuse.kit.lax_child import ANSWERS
from tests.bridge.kit import proc
from tests.bridge.kit.client import HttpSession, SseSession, open_session
from tests.bridge.kit.process import CHILD, Process, ask, bridge, write_servers
from tests.bridge.kit.session import Refused, failed
from tests.kit.ports import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MIB = 2**20
LAX = [sys.executable, "-I", "-S", str(Path(__file__).parent / "kit" / "lax_child.py")]
LINES = 2_000_000  # of a flood on stderr: 60 MiB
FLOOD = "the quick brown fox says this\n"
LOGGED = 512 * 1024  # bytes that they may make of log: ten seconds of it
GROWN = 32 * MIB  # that they may cost the bridge; its buffers and garbage have a third of it
FLOOD_SECONDS = 100.0

MODES = ("own", "shared")
BOTH = ("sse", "http")
MODERN, HEADER_MISMATCH = "2026-07-28", -32020
SECRET = "DB_PASSWORD=sesame"

both = pytest.mark.parametrize("transport", BOTH)
each = pytest.mark.parametrize("mode", MODES)


class Twice(dict[str, Any]):
    """An object that is written with all these members, though a name be there twice."""

    def __init__(self, *pairs: tuple[str, Any]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Any:
        return self._pairs


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A bridge with the lax child in both modes, where nothing may be written."""
    folder = tmp_path_factory.mktemp("lax")
    lax = {"command": LAX[0], "args": LAX[1:], "tools": {"deny": ["write_*"]}}
    modes = {"own": lax, "shared": {**lax, "mode": "shared"}}
    write_servers(folder / "servers.json", modes)
    with bridge(folder, "--config", str(folder / "servers.json")) as run:
        yield run
        assert "Traceback" not in run.log


@asynccontextmanager
async def session(run: Process, mode: str, transport: str) -> AsyncIterator[SseSession | HttpSession]:
    """Hold a session at one of its servers."""
    path = f"/servers/{mode}/{'sse' if transport == 'sse' else 'mcp'}"
    async with open_session(run.port, path, transport) as opened:
        yield opened


NAMES = {
    "in another case": Twice(("name", "read_x"), ("Name", "write_x")),
    "in another case, first": Twice(("Name", "write_x"), ("name", "read_x")),
    "twice, the first denied": Twice(("name", "write_x"), ("name", "read_x")),
    "twice, the last denied": Twice(("name", "read_x"), ("name", "write_x")),
    "with an end within": Twice(("name\0", "write_x"), ("name", "read_x")),
    "in another case alone": {"NAME": "write_x"},
    "as a list": {"name": ["write_x"]},
}


@each
@both
async def test_no_second_spelling_of_a_name_runs_a_denied_tool(
    served: Process, mode: str, transport: str
) -> None:
    async with session(served, mode, transport) as client:
        for how, params in NAMES.items():
            answer = await client.request("tools/call", params)
            assert answer.get("error", {}).get("code") == -32602, how
        for method in ("tools/call", "Tools/Call"):
            with pytest.raises(Refused) as refused:
                await client.notify(method, {"name": "write_x"})
            assert refused.value.status == 400
        assert "write_x" not in (await client.call("read_x"))[0]


@each
@both
async def test_an_answer_that_cannot_be_read_fails_its_call_and_no_other(
    served: Process, mode: str, transport: str
) -> None:
    async with session(served, mode, transport) as ill, session(served, mode, transport) as well:
        for how in ANSWERS:
            answer = await ill.ask(how)
            assert answer["error"]["data"]["code"] == "unreadable_answer", how
            assert (await well.call("read_x"))[0]
            assert (await ill.call("read_x"))[0]
        assert not ill.strays and not well.strays
    assert (await ask(served.port, f"/servers/{mode}/health?deep=1"))[0] == 200


@each
async def test_clients_without_sessions_are_refused_and_answered_alike(served: Process, mode: str) -> None:
    meta = {VERSION: MODERN, CAPABILITIES: {}}

    async def call(params: Any, name: str) -> Any:
        headers = {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": name}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        body = json.dumps(message).encode()
        return (await ask(served.port, f"/servers/{mode}/mcp", headers, method="POST", body=body))[2]

    for how, params in NAMES.items():
        answer = await call(Twice(*params.items(), ("_meta", meta)), "read_x")
        assert answer["error"]["code"] in (-32602, HEADER_MISMATCH), how
    for how in ANSWERS:
        answer = await call({"name": how, "_meta": meta}, how)
        assert answer["error"]["data"]["code"] == "unreadable_answer", how
    answer = await call({"name": "read_x", "_meta": meta}, "read_x")
    assert "read_x" in json.dumps(answer["result"]) and "write_x" not in json.dumps(answer["result"])


async def test_a_flood_on_stderr_costs_little_log_and_no_memory(tmp_path: Path) -> None:
    with bridge(tmp_path, "--", *LAX) as run:
        async with session(run, Path(LAX[0]).name, "http") as client:
            client.seconds = FLOOD_SECONDS
            before, log = proc.peak(run.process.pid), len(run.log)
            await client.call("flood", text="x" * 1000, times=50_000)  # a line that has no end yet
            await client.call("flood", text="\n" + FLOOD, times=1)
            await client.call("flood", text=FLOOD, times=LINES)
            assert proc.peak(run.process.pid) - before < GROWN
        assert await proc.until(lambda: all_told(run.log), FLOOD_SECONDS)
        assert "bytes more" in run.log and len(run.log) - log < LOGGED


def all_told(log: str) -> bool:
    """Return whether each line of the flood is in the log, or counted there."""
    left_out = map(int, re.findall(r": (\d+) lines \(\d+ bytes\) were left out", log))
    return sum(left_out) + log.count(FLOOD.strip()) == LINES + 1


@pytest.mark.parametrize("told", [True, False])
async def test_what_a_server_said_last_is_told_where_it_may_be(tmp_path: Path, told: bool) -> None:
    port = free_port()
    flags = ["--port", str(port), "--public-url", f"http://127.0.0.1:{port}"]
    flags += ["--tell-stderr"] if told else []
    with bridge(tmp_path, *flags, "--mode", "shared", "--", *LAX) as run:
        for transport in BOTH:
            async with session(run, Path(LAX[0]).name, transport) as client:
                answer = await client.ask("die", words=SECRET)
                assert failed(answer) and "its exit code was 3" in answer["error"]["message"]
                assert (SECRET in json.dumps(answer)) is told
        assert SECRET in run.log


# --- keys, tried wrongly -------------------------------------------------------------------------------

WRONG = (
    *("", "Bearer", "Bearer ", "Bearer guess", "Bearer sesam", "Bearer sesame-", "Bearer SESAME"),
    *('Bearer "sesame"', "Bearer sesame, Bearer sesame", "Bearer sesame sesame", "Bearer\tsesame"),
    *("Bearer=sesame", "Bearer:sesame", "Bearersesame", "Bearer %73esame", "Bearer ${KEY}", "Bearer *"),
    *("Basic sesame", "Basic OnNlc2FtZQ==", "Digest username=sesame", "Token sesame", "sesame"),
    *("Bearer s\u00e9same", "Bearer \U0001f511", "Bearer null", "Bearer " + "guess" * 1000),
)
ELSEWHERE = ("Proxy-Authorization", "X-Authorization", "X-Api-Keys", "Cookie", "Api-Key")
DOORS = (("GET", "/sse"), ("POST", "/messages?session_id=" + "0" * 32), ("POST", "/mcp"), ("GET", "/mcp"))
HELLO = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}'


async def test_a_key_that_is_sent_wrongly_is_refused_and_not_logged(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("sesame\n")
    tries = [{"Authorization": value} for value in WRONG] + [{"X-API-Key": value} for value in WRONG[3:]]
    tries += [{name: value} for name in ELSEWHERE for value in ("Bearer sesame", "sesame")]
    with bridge(tmp_path, "--api-key-file", str(keys), "--log-level", "debug", "--", *CHILD) as run:

        async def door(method: str, target: str) -> None:
            for headers in tries:
                if headers.get("X-API-Key") == "sesame":
                    continue  # that is how it is sent
                body = HELLO if method == "POST" else b""
                status, answered, _ = await ask(run.port, target, headers, method=method, body=body)
                assert (status, answered.get("www-authenticate")) == (401, "Bearer"), (target, headers)
            for query in ("api_key=sesame", "key=sesame", "access_token=sesame"):
                mark = "&" if "?" in target else "?"
                assert (await ask(run.port, f"{target}{mark}{query}", method=method))[0] == 401

        async with trio.open_nursery() as nursery:
            for method, target in DOORS:
                nursery.start_soon(door, method, target)
        right = {"Authorization": "Bearer sesame"}
        assert (await ask(run.port, "/mcp", right, method="POST", body=HELLO))[0] == 200
        for word in ("sesam", "SESAM", "guess", "c2VzYW1l", "Bearer"):
            assert word not in run.log
