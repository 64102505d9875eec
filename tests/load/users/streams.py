"""Server-sent events as they come. Read in chunks: who reads a byte at a time becomes what is measured."""

from __future__ import annotations

from collections.abc import Iterator

import requests

SECONDS = 45.0  # a stream is never silent for longer: each tells of itself every 15 s


class Stream:
    """An open stream. Iterating gives (event, data) until it ends."""

    def __init__(self, http: requests.Session, url: str) -> None:
        wanted = {"Accept": "text/event-stream"}
        self._answer = http.get(url, headers=wanted, stream=True, timeout=SECONDS)
        self._answer.raise_for_status()

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        kept = b""
        # None is a chunk of the answer as it came, which may be several events.
        for chunk in self._answer.iter_content(chunk_size=None):
            *whole, kept = (kept + chunk).split(b"\n\n")
            yield from filter(None, map(_message, whole))

    def close(self) -> None:
        """Leave it."""
        self._answer.close()


def _message(text: bytes) -> tuple[str, bytes] | None:
    """Return a message's event and data; None for one without data."""
    event, data = "message", []
    for line in text.split(b"\n"):
        name, _, value = line.partition(b": ")
        if name == b"event":
            event = value.decode()
        elif name == b"data":
            data.append(value)
    return (event, b"\n".join(data)) if data else None
