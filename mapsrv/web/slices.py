"""A body sent slice by slice from bytes that others are sent too: its reader never holds the whole."""

from __future__ import annotations

from quart.wrappers.response import ResponseBody

SLICE = 64 * 1024  # bytes: what a slow reader has of its own


class Slices(ResponseBody):
    """The body of a response; its length must be told in the head."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._start = 0

    async def __aenter__(self) -> Slices:  # noqa: ASYNC124
        return self

    async def __aexit__(self, *_error: object) -> None:
        pass

    def __aiter__(self) -> Slices:
        return self

    async def __anext__(self) -> bytes:  # noqa: ASYNC124
        if self._start >= len(self._body):
            raise StopAsyncIteration
        self._start += SLICE
        return self._body[self._start - SLICE : self._start]

    async def convert_to_sequence(self) -> bytes:  # noqa: ASYNC124
        """Return it whole."""
        return self._body

    async def make_conditional(self, begin: int, end: int | None) -> int:
        """Not for these: no route answers ranges."""
        raise RuntimeError("no ranges")
