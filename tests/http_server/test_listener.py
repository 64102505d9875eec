"""A listener where no descriptor is left: it waits, says so once a second, and takes who waited."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest
import trio
from trio.testing import memory_stream_pair

from mapsrv.http_server.listener import Complaint, Listener


class Exhausted:
    """A listener without descriptors until a time of Trio's clock, and its one connection then."""

    socket = None

    def __init__(self, number: int, until: float) -> None:
        self.number, self.until, self.tries, self.closed = number, until, 0, False
        self.stream, _theirs = memory_stream_pair()

    async def accept(self) -> Any:
        await trio.lowlevel.checkpoint()
        self.tries += 1
        if trio.current_time() < self.until:
            raise OSError(self.number, os.strerror(self.number))
        return self.stream

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS])
async def test_without_descriptors_it_waits_and_says_so_once_a_second(
    autojump_clock: object, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    complaint, until = Complaint(), trio.current_time() + 3.5
    both = [Exhausted(number, until), Exhausted(number, until)]

    async def accept(inner: Exhausted) -> None:
        listener = Listener(inner, complaint)  # type: ignore[arg-type]
        assert await listener.accept() is inner.stream
        await listener.aclose()

    async with trio.open_nursery() as nursery:
        for inner in both:
            nursery.start_soon(accept, inner)
    assert all(inner.closed and 30 < inner.tries < 40 for inner in both)
    assert len(caplog.records) == 4 and all(record.exc_info is None for record in caplog.records)
    assert os.strerror(number) in caplog.text and "ulimit -n" in caplog.text


async def test_any_other_trouble_is_told(autojump_clock: object, caplog: pytest.LogCaptureFixture) -> None:
    inner = Exhausted(errno.EINVAL, trio.current_time() + 1)
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        await Listener(inner, Complaint()).accept()  # type: ignore[arg-type]
    assert not caplog.records
