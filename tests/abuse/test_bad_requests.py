"""A request that is wrong as a whole is answered, and ends nothing: headers, methods, paths, cookies."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any

import httpx2
import pytest

from tests.abuse.kit.refusals import JSON, LONG, do, post, refused
from tests.e2e.kit.server import NO_TLS, Server


def test_a_body_in_chunks_is_taken_and_bounded_too(server: Server, session: str) -> None:
    small = json.dumps(do("toggle_layer", layer_id="stop", action="show")).encode()
    answer = post(server, "/commands", session, (small[n : n + 7] for n in range(0, len(small), 7)))
    assert answer.status_code == 200, answer.text
    refused(post(server, "/commands", session, (b" " * 65_536 for _ in range(40))), 413)
    refused(post(server, "/data", session, (b" " * 65_536 for _ in range(40))), 413)


def test_another_content_type_or_encoding_is_refused(server: Server, session: str) -> None:
    body = do("open_map", title="x")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        refused(post(server, "/commands", session, body, {"content-type": kind}), 415)
    packed = gzip.compress(json.dumps(body).encode())
    encoded = post(server, "/commands", session, packed, {**JSON, "content-encoding": "gzip"})
    assert "Content-Encoding" in refused(encoded, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "x" * 5000},
        {"host": "[::1"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_another_name_or_another_sites_page_changes_nothing(
    server: Server, session: str, headers: dict[str, str]
) -> None:
    for path in ("/commands", "/data", "/presence", "/sessions"):
        refused(post(server, path, session, do("open_map", title="evil"), {**JSON, **headers}), 403)
    for path in ("/events", "/sse", "/mcp"):
        assert httpx2.get(f"{server.url}{path}", headers=headers, verify=NO_TLS).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_every_method_is_answered_at_every_address(server: Server, session: str, method: str) -> None:
    paths = [
        "/",
        "/sessions",
        "/commands",
        "/presence",
        "/state",
        "/style.json",
        "/data",
        "/health",
        "/ready",
        "/metrics",
        "/messages",
        "/mcp",
        "/licenses.txt",
        "/nothing",
        "//",
        "/data/",
        "/assets/",
    ]
    for path in paths if method == "GET" else [*paths, "/events", "/sse"]:
        answer = httpx2.request(
            method, f"{server.url}{path}", params={"session": session}, timeout=5, verify=NO_TLS
        )
        assert answer.status_code < 500, (path, answer.text)


def test_head_of_a_stream_opens_none(server: Server, session: str) -> None:
    head = f"HEAD /events?session={session} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(head)
        assert b" 200 " in connection.recv(4096)
        # It is answered wholly: the connection takes the next request.
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"healthy" in b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../etc/passwd",
        "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/basemap/..%5c..%5cx",
        "/data/../maps.sqlite",
        "/data/%2e%2e%2fmaps.sqlite",
        "/data/%00",
        "/..//..//server.json",
        "/%ff%fe",
        "/assets/" + "a" * 20_000,
        "/data/" + "f" * 64,
        "/state?session=%ff%00",
        "/state?session=" + "a" * 20_000,
        "/state?session[]=x",
        "/state?" + "a=b&" * 5000,
        "/state",
        "/events?session=",
        "/?session=%F0%9F%98%80",
    ],
)
def test_no_path_leads_out_of_the_table(server: Server, path: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.split(b" ")[1] in (b"400", b"404", b"414", b"431"), answer[:300]
    assert b"root:" not in answer and b"SQLite" not in answer


@pytest.mark.parametrize(
    "cookie", ["x", "", "%00", "é", "a" * 3000, '"quoted"', "../..", "a,b", "AAAAAAAAAAAAAAAAAAAAAA"]
)
def test_a_cookie_of_no_map_leads_to_a_new_one(server: Server, cookie: str) -> None:
    headers: Any = {"cookie": f"mapsrv_session={cookie}; mapsrv_viewer={cookie}; other=1".encode()}
    answer = httpx2.get(server.url, headers=headers, follow_redirects=False, verify=NO_TLS)
    assert answer.status_code == 303
    new = answer.headers["location"].removeprefix("/?session=")
    assert new != cookie and server.state(new)["state"]["layers"] == []


@pytest.mark.parametrize(
    "position", ["", "x", "0.0.0", "a.b.c.d", "é", "9" * 5000, "{epoch}.999.{check}", "{epoch}.0.00000000"]
)
def test_a_last_event_id_from_another_life_gets_a_snapshot(
    server: Server, session: str, position: str
) -> None:
    epoch, _, check = server.state(session)["position"].split(".")
    said = position.format(epoch=epoch, check=check).encode()
    headers: Any = {"last-event-id": said}
    with httpx2.stream(
        "GET", f"{server.url}/events?session={session}", headers=headers, timeout=5, verify=NO_TLS
    ) as answer:
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith("event: ")) == "event: snapshot"


def test_headers_that_are_too_large_or_twice_there_end_nothing(server: Server, session: str) -> None:
    answer = httpx2.get(
        f"{server.url}/state", params={"session": session}, headers={"x-big": LONG[:100_000]}, verify=NO_TLS
    )
    assert answer.status_code == 431
    twice = [
        ("content-type", "application/json"),
        ("content-type", "text/plain"),
        ("cookie", "a=b"),
        ("cookie", "c"),
    ]
    url, body = f"{server.url}/commands", json.dumps(do("toggle_layer", layer_id="stop", action="show"))
    answer = httpx2.post(url, params={"session": session}, headers=twice, content=body, verify=NO_TLS)
    assert answer.status_code in (200, 400, 415)
    both = (
        f"POST /commands?session={session} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(both.encode())
        assert connection.recv(4096).split(b" ")[1][:1] == b"4"
