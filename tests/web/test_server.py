"""The real server over real sockets: connections, and how it ends. Each test has a real-clock watchdog."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import trio

from mapsrv.config import Config
from mapsrv.errors import StartupError
from mapsrv.metrics.maps import REGISTRY
from mapsrv.server import serve
from tests.kit.ports import free_port
from tests.web.kit.real import open_files, read_all, read_until, running

GET = "GET {} HTTP/1.1\nHost: localhost\n\n"
MANY = 60
PROMPT = 10.0  # seconds: about one where nothing else runs, and what held it up would do so for ever


async def test_a_stream_over_a_real_socket_says_drain_and_ends_cleanly(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        stream = await real.send(GET.format("/events"))
        await read_until(stream, b"event: presence")
        real.stop.set()
        rest = await read_all(stream)
        await real.ended.wait()
        assert b"event: drain" in rest and rest.endswith(b"0\r\n\r\n")


def test_a_server_that_has_ended_is_measured_no_more(tmp_path: Path) -> None:
    async def while_it_runs() -> float | None:
        async with running(tmp_path) as real:
            stream = await real.send(GET.format(f"/events?session={await real.new_map()}&viewer=tab"))
            async with stream:
                await read_until(stream, b"event: presence")
                return viewers()

    def viewers() -> float | None:
        return REGISTRY.get_sample_value("mapsrv_viewers")

    assert trio.run(while_it_runs) == 1.0
    assert viewers() == 0.0, "though it is asked outside of what the server ran in"


async def test_a_reader_that_stalls_does_not_hold_the_end_up(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        session = await real.new_map()
        async with httpx2.AsyncClient(base_url=real.url, params={"session": session}) as client:
            big = {"type": "Feature", "geometry": None, "properties": {"text": "x" * 14_000}}
            stalled = trio.socket.socket()
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await stalled.connect(("127.0.0.1", real.port))
            await stalled.send(GET.format(f"/events?session={session}").replace("\n", "\r\n").encode())
            for number in range(500):
                body = {"command": "add_layer", "arguments": {"id": f"l{number}", "source": big}}
                assert (await client.post("/commands", json=body)).status_code == 200
        began = trio.current_time()
        real.stop.set()
        await real.ended.wait()
        assert 0.9 < trio.current_time() - began < PROMPT  # it had its second to end by itself
        stalled.close()


async def test_idle_peers_leave_no_file_open(tmp_path: Path) -> None:
    async with running(tmp_path, keep_alive=2.0) as real:
        before = open_files()
        streams = []
        for number in range(MANY):
            path = ("/health", "/", "/nothing")[number % 3]
            stream = await real.send(GET.format(path))
            await read_until(stream, b"\r\n\r\n")
            streams.append(stream)
        assert open_files() > before + MANY  # theirs, and some of ours
        for stream in streams:  # the server closes each when it was idle for some seconds
            await read_all(stream)
        await trio.sleep(0.1)
        assert open_files() <= before + 3


async def test_connection_close_is_heeded(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        began = trio.current_time()
        stream = await real.send("GET /health HTTP/1.1\nHost: localhost\nConnection: close\n\n")
        assert (await read_all(stream)).endswith(b'{"status":"healthy"}')
        assert trio.current_time() - began < 5  # the time of an idle connection


@pytest.mark.parametrize(
    "garbage",
    [b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET ?x HTTP/1.1\r\nHost: localhost\r\n\r\n",
     b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
     b"PRI * HTTP/2.0\r\n\r\nxxxx",
     b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
     b"GET http://localhost/health HTTP/1.1\r\nHost: x\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
     b"POST /commands?session=x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
async def test_garbage_ends_its_own_connection_and_nothing_else(tmp_path: Path, garbage: bytes) -> None:
    async with running(tmp_path) as real:
        stream = await real.connect()
        await stream.send_all(garbage)
        await stream.send_eof()
        answer = await read_all(stream)
        assert b" 500 " not in answer.partition(b"\r\n")[0]
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"{real.url}/health")).status_code == 200


async def test_a_bug_in_one_connection_is_logged_and_ends_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: object) -> None:
        await trio.lowlevel.checkpoint()
        raise ZeroDivisionError

    async with running(tmp_path) as real:
        stream = await real.send(GET.format("/events"))
        await read_until(stream, b"event: snapshot")
        with monkeypatch.context() as patched:
            patched.setattr("mapsrv.http_server.connections.Connection.run", broken)
            assert await read_all(await real.connect()) == b""
        assert "A connection failed" in caplog.text
        real.stop.set()
        assert b"event: drain" in await read_all(stream)


async def test_a_body_that_is_refused_is_read_so_that_its_sender_sees_why(tmp_path: Path) -> None:
    async with running(tmp_path, max_data=1024 * 1024) as real, httpx2.AsyncClient(
        base_url=real.url
    ) as client:
        session = await real.new_map()
        for path, size in (("/data", 8 << 20), ("/commands", 8 << 20), ("/sessions", 1 << 20)):
            headers = {"content-type": "application/json" if path != "/sessions" else "text/plain"}
            answer = await client.post(
                path, params={"session": session}, content=b"x" * size, headers=headers
            )
            assert answer.status_code == (413 if path != "/sessions" else 415)
            assert answer.json()["error"]["code"] in ("too_large", "unsupported_media_type")


async def test_a_large_command_is_read_in_a_worker(tmp_path: Path) -> None:
    async with running(tmp_path) as real, httpx2.AsyncClient(base_url=real.url, timeout=30) as client:
        session = await real.new_map()
        point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8.5, 47.4]}}
        features = [{**point, "id": number, "properties": {"text": "x" * 400}} for number in range(1000)]
        source = {"type": "FeatureCollection", "features": features}
        body = {"command": "add_layer", "arguments": {"id": "stops", "source": source}}
        assert 256 * 1024 < len(json.dumps(body)) < 1024 * 1024
        answer = await client.post("/commands", params={"session": session}, json=body)
        assert answer.status_code == 200, answer.text
        state = (await client.get("/state", params={"session": session})).json()["state"]
        data = await client.get("/" + state["layers"][0]["source"]["data"])
        assert len(data.json()["features"]) == 1000


async def test_a_port_that_is_taken_is_one_plain_sentence(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        with pytest.raises(StartupError, match=f"Port {real.port} is taken.*--port"):
            await serve(Config(port=real.port, data_dir=tmp_path))
        async with running(tmp_path, port=real.port, any_port=True) as other:
            assert other.port != real.port
    with pytest.raises(StartupError, match="--host"):
        await serve(Config(host="203.0.113.1", port=0, data_dir=tmp_path))
    with pytest.raises(StartupError, match="--host"):
        await serve(Config(host="no.such.host.invalid", port=0, data_dir=tmp_path))


async def test_an_unused_server_ends_itself_and_a_used_one_does_not(tmp_path: Path) -> None:
    async with running(tmp_path, idle_exit=0.8) as real:
        stream = await real.send(GET.format("/events"))
        await read_until(stream, b"event: presence")
        with trio.move_on_after(2):
            await real.ended.wait()
        assert not real.ended.is_set()
        await stream.aclose()
        await real.ended.wait()


async def test_both_mcp_transports_and_the_page_are_served(tmp_path: Path) -> None:
    async with running(tmp_path) as real, httpx2.AsyncClient(base_url=real.url) as client:
        page = await client.get("/", follow_redirects=True, headers={"accept": "text/html"})
        assert page.status_code == 200 and "<title>" in page.text
        async with client.stream("GET", "/sse") as answer:
            assert answer.status_code == 200
        assert (await client.post("/mcp", json={})).status_code in (400, 406)
        assert (await client.post("/sse", json={})).status_code == 405
        assert (await client.get("/sse", headers={"origin": "http://evil.example"})).status_code == 403


async def in_a_process(folder: Path, *flags: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start `mapsrv` itself; return it and its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(  # noqa: ASYNC220 (it takes a millisecond)
        [sys.executable, "-m", "mapsrv", "--no-open", f"--port={port}",
         f"--data-dir={folder}", *flags],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    async with httpx2.AsyncClient() as client:
        while process.poll() is None:
            try:
                if (await client.get(f"{url}/ready")).status_code == 200:
                    break
            except httpx2.TransportError:
                await trio.sleep(0.02)
    return process, url


def said_by(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    with process.stderr:
        return process.stderr.read().decode()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_promptly_with_streams_open(tmp_path: Path, how: int) -> None:
    with trio.fail_after(30):
        process, url = await in_a_process(tmp_path)
        async with httpx2.AsyncClient(base_url=url) as client, client.stream("GET", "/events") as events:
            assert events.status_code == 200
            async with client.stream("GET", "/sse"):
                began = trio.current_time()
                process.send_signal(how)
                code = await trio.to_thread.run_sync(process.wait)
        assert code == 0 and trio.current_time() - began < PROMPT
        said = said_by(process)
        assert "Traceback" not in said and "session=" not in said


async def test_while_it_waits_to_stop_it_serves_but_is_not_ready_and_a_second_signal_ends_it_at_once(
    tmp_path: Path,
) -> None:
    with trio.fail_after(30):
        process, url = await in_a_process(tmp_path, "--drain-delay=60")
        process.send_signal(signal.SIGTERM)
        async with httpx2.AsyncClient(base_url=url) as client:
            while (await client.get("/ready")).status_code == 200:  # noqa: ASYNC110
                await trio.sleep(0.02)
            assert (await client.get("/health")).status_code == 200
            assert (await client.post("/sessions", json={})).status_code == 201
        process.send_signal(signal.SIGTERM)
        assert await trio.to_thread.run_sync(process.wait) == 128 + signal.SIGTERM
        assert "Traceback" not in said_by(process)
