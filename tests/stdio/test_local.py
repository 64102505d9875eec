"""server.json: what it says, whose it is, and that nothing but a proof makes a server of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from mapsrv import local
from mapsrv.local import LocalServer
from mapsrv.local.start import environment
from mapsrv.transports.forward import local_source
from tests.e2e.kit.server import running, wait_until
from tests.kit.ports import free_port
from tests.stdio.kit.host import hosting, is_running

NONCE = "abcdefghijklmnop"


def test_the_proof_is_an_hmac_of_the_nonce() -> None:
    assert local.proof("s", NONCE) == hmac.new(b"s", NONCE.encode(), hashlib.sha256).hexdigest()
    assert local.proof("s", NONCE) != local.proof("t", NONCE)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1")],
)
def test_a_server_is_reached_on_its_own_machine(host: str, url: str) -> None:
    assert local.local_url(host, 1) == url


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", f"nonce={NONCE}", 200),
        ("POST", f"nonce={NONCE}", 400),
        ("GET", "nonce=short", 400),
        ("GET", "", 400),
    ],
)
async def test_the_proof_is_given_for_a_nonce_alone(method: str, query: str, status: int) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:  # noqa: ASYNC124 (ASGI's)
        sent.append(message)

    await local.local_app("s")({"type": "http", "method": method, "query_string": query.encode()}, send, send)
    assert sent[0]["status"] == status
    assert (sent[1]["body"].decode() == local.proof("s", NONCE)) == (status == 200)


def test_the_file_is_whole_and_its_users_alone(tmp_path: Path) -> None:
    server = LocalServer("http://127.0.0.1:1", 7, "1", "hidden")
    local.announce(tmp_path / "new", server)
    assert local.read(tmp_path / "new") == server
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["server.json"]
    assert (tmp_path / "new" / "server.json").stat().st_mode & 0o777 == 0o600
    assert "hidden" not in repr(server)


def test_only_its_own_file_is_withdrawn(tmp_path: Path) -> None:
    ours, next_one = LocalServer("http://a", 1, "1", "s"), LocalServer("http://a", 2, "1", "t")
    local.announce(tmp_path, next_one)
    local.withdraw(tmp_path, ours)
    assert local.read(tmp_path) == next_one
    local.withdraw(tmp_path, next_one)
    assert local.read(tmp_path) is None


def said(url: str, **more: str) -> str:
    return json.dumps({"url": url, "pid": 1, "version": "", "secret": "s"} | more)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"url": 1}', "[" * 4000, said("x", pid="1").replace('"1"', "1e999"),
     *map(said, "ftp://x http:// http://[ http://[::1 http://[x]:1 http://127.0.0.1:99999999".split()),
     *map(said, "http://127.0.0.1:-1 http://127.0.0.1:x http://127.0.0.1:0 http://a..b:1".split()),
     *map(said, ["http://a\x7f:1", "http://a\0:1", "http://a b:1", "http://\udc80:1"]),
     said("http://127.0.0.1:1", secret="\udc80")],
)  # fmt: skip
async def test_a_file_that_says_nothing_useful_is_no_server_and_is_replaced(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "server.json").write_text(text)
    assert await local.find_server(tmp_path) is None
    async with local.open_announcement(tmp_path, "http://127.0.0.1:1", "s") as ours:
        found = local.read(tmp_path)
        assert ours and found is not None and (found.pid, found.secret) == (os.getpid(), "s")


async def test_a_server_that_was_killed_is_not_asked_at_the_address_that_is_ours_now(tmp_path: Path) -> None:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
    local.announce(tmp_path, LocalServer(url, 1, "0", "of the killed one"))
    async with listener, local.open_announcement(tmp_path, url, "s") as ours:
        found = local.read(tmp_path)
        assert ours and found is not None and found.secret == "s"
        with trio.move_on_after(0.2) as asked:
            await listener.accept()  # who asks waits there
        assert asked.cancelled_caught


@given(st.binary(max_size=300) | st.text(max_size=60).map(said).map(str.encode))
def test_whatever_the_file_says_is_read_or_is_none(tmp_path_factory: Any, text: bytes) -> None:
    folder: Path = tmp_path_factory.mktemp("data")
    (folder / "server.json").write_bytes(text)
    found = local.read(folder)
    assert found is None or found.secret == "s"


async def test_a_proof_that_cannot_be_reckoned_is_none(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        local.announce(tmp_path, LocalServer(server.url, 1, "1", "\udc80"))
        assert await local.find_server(tmp_path) is None


async def test_nobody_at_the_address_is_no_server(tmp_path: Path) -> None:
    local.announce(tmp_path, LocalServer(f"http://127.0.0.1:{free_port()}", 1, "1", "s"))
    assert await local.find_server(tmp_path) is None


async def test_another_mapsrv_at_the_address_is_no_server_of_ours(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        found = await local.find_server(tmp_path)
        assert found is not None and found.url == server.url
        local.announce(tmp_path, LocalServer(found.url, found.pid, found.version, "another secret"))
        assert await local.find_server(tmp_path) is None


def test_the_log_is_emptied_when_it_has_grown(tmp_path: Path) -> None:
    code = "import os; from mapsrv.local.start import bound_log; os.write(2, b'x' * 2000000); bound_log()"
    with open(tmp_path / "log", "ab") as log:
        subprocess.run([sys.executable, "-c", code], env=environment(), stderr=log, check=True)
    assert (tmp_path / "log").read_bytes() == b""


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("a.geojson", "/w/a.geojson"),
        ("../a.json", "/w/../a.json"),
        ("/tmp/a.geojson", "/tmp/a.geojson"),
        ("~/a.geojson", os.path.expanduser("~/a.geojson")),
        ("file:///tmp/a%20b.geojson", "/tmp/a b.geojson"),
        ({"type": "geojson", "data": "a.geojson"}, {"type": "geojson", "data": "/w/a.geojson"}),
        ('{"type": "geojson", "data": "a.geojson"}', {"type": "geojson", "data": "/w/a.geojson"}),
        ("https://example.org/a.geojson", None),
        ("data/" + "0" * 64, None),
        ('{"type": "Point", "coordinates": [1, 2]}', None),
        ({"type": "raster", "tiles": ["https://example.org/{z}/{x}/{y}.png"]}, None),
        ("{no json", None),
        (None, None),
    ],
)
def test_paths_are_made_absolute_and_nothing_else(source: Any, made: Any) -> None:
    arguments = {"id": "a", "source": source}
    assert local_source(arguments, Path("/w")) == (arguments if made is None else {"id": "a", "source": made})


def test_a_connected_assistant_keeps_the_server_that_it_uses(tmp_path: Path) -> None:
    """With its ten minutes made one second, and the four between two signs of life 0.2."""
    (tmp_path / "mapsrv_quick.py").write_text(
        "import sys, mapsrv.transports.mcp_stdio as stdio\n"
        "from mapsrv.__main__ import main\n"
        "stdio.KEEP_SECONDS = 0.2\n"
        "sys.exit(main())\n"
    )
    folder = tmp_path / "data"
    flags = ["--no-open", "--idle-exit", "1", "--port", str(free_port())]
    with hosting(folder, *flags, module="mapsrv_quick", cwd=tmp_path) as host:
        host.told("open_map", new=True)
        first = local.read(folder)
        assert first is not None
        with pytest.raises(AssertionError, match="in vain"):
            wait_until(lambda: local.read(folder) != first, 3)
    wait_until(lambda: not is_running(first.pid), 20)
