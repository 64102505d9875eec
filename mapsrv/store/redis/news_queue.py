"""What a feed has heard and its reader has not taken yet. No I/O, and who puts something in never waits.

News of maps that finds no room is told as Missed: whoever reads compares all maps then. Letters have room of
their own, so that a storm of them takes none of the maps'; one that finds no room is dropped, and whoever
posted it is not answered.
"""

from __future__ import annotations

import trio

from mapsrv.store.shared import Letter, Missed, News

MAX_NEWS = 10_000
MAX_LETTERS = 1_000
MAX_LETTER_BYTES = 4 * 1024 * 1024


class NewsQueue:
    """For one reader."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[News](MAX_NEWS + MAX_LETTERS)
        self._news = self._letters = self._letter_bytes = 0  # that wait
        self._missed = False

    def put(self, news: News) -> None:
        """Put in news of maps."""
        if self._news >= MAX_NEWS:
            self._missed = True
            return
        self._news += 1
        self._send.send_nowait(news)

    def put_letter(self, body: bytes) -> None:
        """Put in a letter."""
        if self._letters >= MAX_LETTERS or self._letter_bytes + len(body) > MAX_LETTER_BYTES:
            return
        self._letters += 1
        self._letter_bytes += len(body)
        self._send.send_nowait(Letter(body))

    async def next(self) -> News:
        """Wait for what is next."""
        if self._missed:
            self._missed = False
            await trio.lowlevel.checkpoint()
            return Missed()
        news = await self._receive.receive()
        if isinstance(news, Letter):
            self._letters -= 1
            self._letter_bytes -= len(news.body)
        else:
            self._news -= 1
        return news
