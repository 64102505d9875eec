"""More connections than a process may have descriptors."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

from tests.abuse.kit.raw import ask, connect, read_until, statuses
from tests.e2e.kit.server import Server, running, wait_until
from tests.kit.log_lines import parsed

FILES = 64  # descriptors, of which the server itself needs some 20
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Limited(Server):
    program = (
        "-c",
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}));"
        " from mapsrv.__main__ import main; main()",
    )


def test_out_of_descriptors_it_says_so_once_a_second_and_takes_who_waited(tmp_path: Path) -> None:
    with running(tmp_path, "--store=memory:", kind=Limited) as server:
        map_id = server.new_map()
        with connect(server.port) as kept:
            kept.sendall(b"GET /events?session=%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % map_id.encode())
            read_until(kept, b"event: snapshot")
            crowd = [connect(server.port) for _ in range(FILES)]
            wait_until(lambda: len(complaints(server)) > 2)
            assert "Traceback" not in server.log
            said = complaints(server)
            assert all((b - a) > dt.timedelta(seconds=0.9) for a, b in pairwise(said))
            for stream in crowd:
                stream.close()
            wait_until(lambda: statuses(ask(server.port, HEALTH)) == (200,))
            assert server.state(map_id)["state"]["layers"] == []
        assert "Traceback" not in server.log


def complaints(server: Server) -> list[dt.datetime]:
    """Return when it said that it cannot accept."""
    lines = [line for line in parsed(server.log) if "Too many open files" in line["event"]]
    return [dt.datetime.fromisoformat(line["timestamp"]) for line in lines]
