"""The load tool by itself: what is left over is found, and what failed is counted."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.e2e.kit.server import NO_TLS, running, wait_until
from tests.load.left import Before, left_over
from tests.load.result import Load, Result, tables
from tests.load.site import FLAGS


@pytest.mark.parametrize(
    ("path", "session", "gauge"),
    [
        ("/sse", 1, 'mapsrv_sse_connections_active{transport="sse"} 1'),
        ("/events?session=", 0, 'mapsrv_sse_connections_active{transport="events"} 1'),
    ],
    ids=["sse", "events"],
)
def test_a_stream_that_stays_is_found_until_it_has_gone(
    tmp_path: Path, path: str, session: int, gauge: str
) -> None:
    with running(tmp_path, *FLAGS) as server:
        before = {server: Before.of(server)}
        url = server.url + path + ("" if session else server.new_map())
        with httpx2.stream("GET", url, verify=NO_TLS) as answer:
            parts = answer.iter_raw()  # which ends the stream when it is dropped
            next(parts)
            found = left_over(before, session)
            assert gauge in found and "1 more of connection" in found
            assert ("1 MCP sessions" in found) == bool(session)
        wait_until(lambda: not left_over(before, session), 30)


def test_what_failed_is_told_beside_what_was_answered() -> None:
    times = {"call /sse": [float(n) for n in range(1, 100)], "connect /sse": [5.0]}
    used = {"mapsrv": 0.5, "load tool": 0.25}
    result = Result(Load(1, 0, 1), 30.0, times, {"call /sse": 1}, ["why"], used, 2**20, 3 * 2**20)
    waits, costs = tables([result])
    told, call, connected = waits.rows
    assert told[:3] == ["**1 SSE sessions, 8 calls a minute, alone**", 198.0, "0.99%"]
    assert call == ["a call over /sse", 198.0, "1.00%", 50.0, 95.0, 99.0]
    assert connected[:3] == ["an assistant over /sse connects", None, "0.00%"]
    assert costs.rows == [
        ["1 SSE sessions, 8 calls a minute, alone", 0.5, None, None, 0.25, 1.0, 3.0, 1024.0]
    ]
