"""Thousands of real streams, opened and closed in every way, leave nothing behind."""

from __future__ import annotations

import gc
import struct
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import trio

from mapsrv.config import Config
from mapsrv.http_server.parser import Request
from mapsrv.http_server.serve import open_serving
from mapsrv.http_server.sockets import open_listeners
from mapsrv.local.front import Front
from mapsrv.server.serve import House, open_house
from mapsrv.web.ask import Ask
from tests.web.kit.real import open_files, read_until

STREAMS, AT_ONCE = 5_000, 250
RESET = struct.pack("ii", 1, 0)


async def test_five_thousand_streams_leave_no_descriptor_no_seat_and_no_task(tmp_path: Path) -> None:
    listeners, port = await open_listeners("127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}"
    config = Config(data_dir=tmp_path, store="memory:", max_streams=1_000)
    async with open_house(config, Front(), "secret", url) as house:
        async with open_serving(house.connections, listeners):
            session_id = await house.hub.create_session()
            with trio.fail_after(300):
                await house.hub.documents.warm()  # which has files of its own
                await _open_and_close(house, session_id, port, 0)
                files, tasks = open_files(), trio.lowlevel.current_statistics().tasks_living
                for batch in range(1, STREAMS // AT_ONCE):
                    await _open_and_close(house, session_id, port, batch)
            assert open_files() <= files  # what tests before this one left may go meanwhile
            assert trio.lowlevel.current_statistics().tasks_living == tasks
    for listener in listeners:
        listener.socket.close()


def _requests() -> int:
    """How many are kept, as the server or the views have them."""
    return sum(isinstance(thing, (Request, Ask)) for thing in gc.get_objects())


async def _open_and_close(house: House, session_id: str, port: int, batch: int) -> None:
    async with house.hub.open_session(session_id) as live:
        streams, requests = [], _requests()
        for number in range(AT_ONCE):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            target = f"/events?session={session_id}&viewer=v{number}"
            await stream.send_all(
                f"GET {target} HTTP/1.{number % 2}\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
            )
            streams.append(stream)
        for stream in streams:
            await read_until(stream, b"event: presence")
        assert len(house.site.streams) == live.streams == AT_ONCE
        if not batch:
            assert _requests() <= requests, "each stream would keep its own for hours"
        for number, stream in enumerate(streams):
            if (number + batch) % 3 == 0:
                stream.setsockopt(SOL_SOCKET, SO_LINGER, RESET)
            elif (number + batch) % 3 == 1:
                await stream.send_all(b"GET /health HTTP/1.1\r\n")  # what comes behind is dropped
            await stream.aclose()
        await house.connections.ended()
        assert not live.streams
        assert not live.seats and not len(house.site.streams)
        assert live.presence.count_here <= AT_ONCE, "each tab once: it may come back"
