"""Connections are kept, and yet no call, and no secret, goes to another than this user's server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
from mcp_types import CallToolResult, Implementation
from trio.testing import wait_all_tasks_blocked

from mapsrv import local
from mapsrv.config import Config
from mapsrv.errors import StartupError, StoreUnavailable, TooLarge
from mapsrv.http_server.connections import KEEP_ALIVE_SECONDS
from mapsrv.local import LocalServer, connection
from mapsrv.tools.caller import NO_FILES_HEADER, SECRET_HEADER
from mapsrv.tools.publish import KEY
from mapsrv.transports import forward as forwarding
from mapsrv.transports import upstream as upstreams
from mapsrv.transports.forward import Call, forward, keep
from mapsrv.transports.upstream import Upstream
from tests.e2e.kit.server import running
from tests.stdio.kit.standin import Standin, a_stranger, relaying, standing_in
from tests.transports.kit.serving import eventually

WHO = Implementation(name="Ana Bell", version="1")
SECRET = SECRET_HEADER.encode()


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Standin]:
    """A server that is announced; none is started in its place."""

    async def no_start(config: Config) -> LocalServer:
        await trio.lowlevel.checkpoint()
        raise StartupError("none is started here")

    monkeypatch.setattr(upstreams, "ensure_server", no_start)
    async with standing_in("secret of the first") as made:
        made.announce(tmp_path)
        yield made


@pytest.fixture
def upstream(tmp_path: Path, server: Standin) -> Iterator[Upstream]:
    made = Upstream(Config(command="stdio", data_dir=tmp_path))
    yield made
    made.close()


async def call(upstream: Upstream, tool: str = "list_layers", **arguments: Any) -> CallToolResult:
    return await forward(upstream, Call(tool, arguments, WHO))


def key(body: bytes) -> str:
    return str(json.loads(body)["params"]["_meta"][KEY])


async def test_one_connection_is_proven_once_and_kept(server: Standin, upstream: Upstream) -> None:
    for _ in range(3):
        assert (await call(upstream)).content[0].text == "done"  # type: ignore[union-attr]
    asked = [(heard.connection, heard.target.partition("?")[0]) for heard in server.heard]
    assert asked == [(0, "/local"), (0, "/mcp"), (0, "/mcp"), (0, "/mcp")]
    assert {heard.headers.get(SECRET) for heard in server.calls()} == {b"secret of the first"}
    assert SECRET not in server.heard[0].headers
    assert server.calls()[0].target == "/mcp?name=Ana%20Bell"
    assert len({key(heard.body) for heard in server.calls()}) == 3


async def test_a_connection_that_the_server_closed_while_it_rested_is_passed_over(
    server: Standin, upstream: Upstream
) -> None:
    await call(upstream)
    server.hang_up()
    await eventually(lambda: not upstream._resting[0].is_fresh)
    await call(upstream)
    proven = [heard.connection for heard in server.heard if heard.target.startswith("/local")]
    assert proven == [0, 1] and [heard.connection for heard in server.calls()] == [0, 1]


async def test_a_connection_is_given_up_before_the_server_closes_it(
    server: Standin, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.REST_SECONDS < KEEP_ALIVE_SECONDS
    monkeypatch.setattr(connection, "REST_SECONDS", 0.0)
    await call(upstream)
    assert upstream._resting == []
    await call(upstream)
    assert len(server.connections) == 2


async def test_a_call_that_crossed_the_closing_is_sent_again_under_its_key(
    server: Standin, upstream: Upstream
) -> None:
    await call(upstream)
    server.breaks = lambda heard: heard.connection == 0
    await call(upstream, "toggle_layer", layer_id="a")
    crossed, again = server.calls()[1:]
    assert (crossed.connection, again.connection) == (0, 1)
    assert crossed.body == again.body and key(again.body)
    assert server.heard[-2].target.startswith("/local"), "proven anew"


async def test_a_change_whose_answer_was_lost_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with running(folder) as real:
        announced = local.read(folder)
        assert announced is not None
        async with relaying(real.port) as relay:
            local.announce(tmp_path, replace(announced, url=relay.url))
            upstream = Upstream(Config(command="stdio", data_dir=tmp_path))
            told = (await call(upstream, "open_map", new=True)).structured_content
            assert told is not None
            relay.cuts = True
            result = await call(upstream, "open_map", session_id=told["session_id"], title="Lakes")
            assert result.structured_content is not None and result.structured_content["title"] == "Lakes"
            upstream.close()
        assert relay.cut == 1
        state = real.state(told["session_id"])
    assert state["state"]["title"] == "Lakes"
    revisions = [int(said["position"].split(".")[1]) for said in (told, state)]
    assert revisions[1] == revisions[0] + 1


async def test_a_server_that_breaks_off_again_and_again_is_told(
    server: Standin, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(forwarding, "PAUSE_SECONDS", 0.01)
    server.breaks = lambda heard: heard.target.startswith("/mcp")
    with pytest.raises(StoreUnavailable, match="ended while it was asked"):
        await call(upstream)
    assert len({heard.body for heard in server.calls()}) == 1 < len(server.calls())


async def test_the_server_of_a_new_file_is_asked_though_the_old_one_lives(
    server: Standin, upstream: Upstream, tmp_path: Path
) -> None:
    await call(upstream)
    async with standing_in("secret of the next") as following:
        following.announce(tmp_path)
        await call(upstream)
    assert len(server.calls()) == 1
    assert [heard.headers[SECRET] for heard in following.calls()] == [b"secret of the next"]


async def test_a_server_that_was_started_anew_at_its_port_is_proven_anew(
    upstream: Upstream, server: Standin, tmp_path: Path
) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    async with standing_in("one") as first:
        first.announce(tmp_path)
        await call(upstream)
        port = urlsplit(first.url).port
        assert port is not None
    async with standing_in("two", port) as second:
        second.announce(tmp_path)
        await call(upstream)
    assert [heard.target.partition("?")[0] for heard in second.heard] == ["/local", "/mcp"]
    assert second.calls()[0].headers[SECRET] == b"two"


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000


@pytest.mark.parametrize("says", [OK, ENDLESS, b"SSH-2.0-x\r\n", b"", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_a_stranger_at_the_kept_servers_port_gets_neither_call_nor_secret(
    upstream: Upstream, server: Standin, tmp_path: Path, says: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.2)
    async with standing_in("hidden") as first:
        first.announce(tmp_path)
        await call(upstream)
        port = urlsplit(first.url).port
        assert port is not None and upstream._resting
    async with a_stranger(port, says) as heard:
        with pytest.raises(StartupError):
            await call(upstream)
        await keep(upstream)
    assert bytes(heard).count(b"GET ") == bytes(heard).count(b"GET /local?nonce=") == 2
    assert b"POST" not in heard and b"hidden" not in heard and SECRET not in heard
    assert upstream._resting == []


async def test_calls_at_once_have_a_proven_connection_each_and_a_bounded_number_rests(
    server: Standin, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstreams, "MAX_RESTING", 2)
    server.go = trio.Event()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(call, upstream)
        await eventually(lambda: len(server.calls()) == 3)
        server.go.set()
    for number in range(3):
        asked = [heard.target[:6] for heard in server.heard if heard.connection == number]
        assert asked == ["/local", "/mcp?n"]
    assert len(upstream._resting) == 2
    upstream.close()
    assert upstream._resting == []


async def test_a_call_that_is_cancelled_leaves_no_connection_behind(
    server: Standin, upstream: Upstream
) -> None:
    server.go = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call, upstream)
        await eventually(server.calls)
        nursery.cancel_scope.cancel()
    assert upstream._resting == []
    server.go.set()
    await call(upstream)
    assert [heard.connection for heard in server.calls()] == [0, 1]


async def test_a_sign_of_life_starts_no_server_and_goes_by_a_kept_connection(
    server: Standin, upstream: Upstream, tmp_path: Path
) -> None:
    await keep(upstream)
    await call(upstream)
    assert [json.loads(heard.body)["method"] for heard in server.calls()] == ["server/discover", "tools/call"]
    assert len(server.connections) == 1
    (tmp_path / "server.json").unlink()
    await keep(upstream)
    assert len(server.calls()) == 2


async def test_without_an_announcement_a_kept_connection_is_not_used(
    server: Standin, upstream: Upstream, tmp_path: Path
) -> None:
    await call(upstream)
    (tmp_path / "server.json").unlink()
    with pytest.raises(StartupError):
        await call(upstream)


async def test_an_assistant_without_files_says_so(server: Standin, tmp_path: Path) -> None:
    upstream = Upstream(Config(command="stdio", data_dir=tmp_path, no_files=True))
    await call(upstream)
    upstream.close()
    assert server.calls()[0].headers[NO_FILES_HEADER.encode()] == b"1"


async def test_a_message_over_the_limit_is_never_sent(server: Standin, upstream: Upstream) -> None:
    with pytest.raises(TooLarge, match="256 KiB"):
        await call(upstream, text="é" * 140_000)
    assert server.heard == []


async def test_a_server_that_does_not_answer_is_told(
    server: Standin, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    await call(upstream)  # so that what follows is asked at once, by a connection that is there
    monkeypatch.setattr(forwarding, "ANSWER_SECONDS", 0.1)
    server.go = trio.Event()
    with pytest.raises(StoreUnavailable, match="did not answer"):
        await call(upstream)
    await wait_all_tasks_blocked()
    assert len(server.calls()) == 2 and upstream._resting == []


@pytest.mark.parametrize(
    ("body", "stream", "said"),
    [
        (b'{"result": 1}', False, {"result": 1}),
        (b': ping\r\n\r\nevent: message\r\ndata: {"result": 1}\r\n\r\n', True, {"result": 1}),
        (b'data: {"method": 1}\r\n\r\ndata:{"result": "data: 1"}\n\n', True, {"result": "data: 1"}),
        (b"<html>", False, {}),
        (b"[]", False, {}),
        (b"", True, {}),
        (b"[" * 5000, False, {}),
    ],
)
def test_an_answer_is_read_as_json_or_as_the_last_event(
    body: bytes, stream: bool, said: dict[str, Any]
) -> None:
    kind = "text/event-stream" if stream else "application/json"
    assert forwarding._message(connection.Answer(200, kind, body)) == said
