"""A listener takes all who wait at once; where no descriptor is left it waits, and says so once a second."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trio

from mapsrv.http_server.listener import BATCH, Complaint, Listener


class Exhausted:
    """A listening socket that fails while it is told so, and has one connection then."""

    def __init__(self, number: int, fails: Callable[[int], bool]) -> None:
        self.number, self.fails, self.tries, self.accepted = number, fails, 0, False
        self.client, self.readable = socket.socketpair()  # in place of the backlog, which has somebody
        self.client.send(b"x")

    def fileno(self) -> int:
        return self.readable.fileno()

    def accept(self) -> Any:
        if self.accepted:
            raise BlockingIOError
        self.tries += 1
        if self.fails(self.tries):
            raise OSError(self.number, os.strerror(self.number))
        self.accepted = True
        return self.readable.dup(), ("127.0.0.1", 1)

    def close(self) -> None:
        self.client.close()
        self.readable.close()


async def accept_one(inner: Exhausted, complaint: Complaint) -> None:
    listener = Listener(inner, complaint)  # type: ignore[arg-type]
    try:
        [(accepted, _)] = await listener.accept()
        accepted.close()
    finally:
        listener.close()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS])
async def test_without_descriptors_it_waits_and_says_so_once_a_second(
    autojump_clock: object, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    complaint, until = Complaint(), trio.current_time() + 3.5
    both = [Exhausted(number, lambda _: trio.current_time() < until) for _ in range(2)]
    async with trio.open_nursery() as nursery:
        for inner in both:
            nursery.start_soon(accept_one, inner, complaint)
    assert all(inner.readable.fileno() < 0 and 30 < inner.tries < 40 for inner in both)
    assert len(caplog.records) == 4 and all(record.exc_info is None for record in caplog.records)
    assert os.strerror(number) in caplog.text and "ulimit -n" in caplog.text


async def test_any_other_trouble_is_told(caplog: pytest.LogCaptureFixture) -> None:
    inner = Exhausted(errno.EINVAL, lambda _: True)
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        await accept_one(inner, Complaint())
    assert not caplog.records


async def test_one_that_was_gone_before_it_was_accepted_is_passed_over() -> None:
    inner = Exhausted(errno.ECONNABORTED, lambda tries: tries < 3)
    await accept_one(inner, Complaint())
    assert inner.tries == 3


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=2 * BATCH) as sock:
        sock.setblocking(False)
        yield sock


async def test_all_who_wait_are_taken_in_batches_in_their_order(listening: socket.socket) -> None:
    listener, clients = Listener(listening, Complaint()), []
    for _ in range(BATCH + 3):
        clients.append(socket.create_connection(listening.getsockname()))
    first, second = await listener.accept(), await listener.accept()
    assert (len(first), len(second)) == (BATCH, 3)
    assert [address for _, address in first + second] == [client.getsockname() for client in clients]
    assert not any(accepted.getblocking() for accepted, _ in first + second)
    for one in (*clients, *(accepted for accepted, _ in first + second)):
        one.close()
