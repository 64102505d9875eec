"""What waits for one reader: in order, numbered. What was sent is kept for one who lost the connection.

All mailboxes of a session share a Room, which bounds them together: what waits for readers who are
there but do not read, and what is kept for who comes back. No I/O; who writes never waits.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

import trio

MAX_BYTES = 16 * 1024 * 1024  # that a session's readers leave unread, by default; four large messages
KEPT_BYTES = 1024 * 1024  # of a session that no reader waits for; the newest message always
EACH_BYTES = 150  # that a message costs besides its text


class Room:
    """`unread` bytes are owed to readers who are there, `kept` ones to those who may come back."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self.most = most
        self.unread = self.kept = 0
        self._keepers: dict[EventBuffer, None] = {}  # the least recently used first

    @property
    def overflowed(self) -> bool:
        """Whether a reader does not read."""
        return self.unread > self.most

    def keep(self, box: EventBuffer, size: int) -> None:
        """Note that a mailbox keeps one message more; what is the oldest goes where that is too much."""
        self.kept += size
        self._keepers.pop(box, None)
        self._keepers[box] = None
        while self.kept > KEPT_BYTES and (box.keeps > 1 or len(self._keepers) > 1):
            next(iter(self._keepers)).drop_oldest()

    def release(self, box: EventBuffer, size: int) -> None:
        """Note that a mailbox keeps one message less."""
        self.kept -= size
        if not box.keeps:
            self._keepers.pop(box, None)


class EventBuffer:
    """Numbers begin at 1. `closed`: nothing more will come.

    Kept are the first `keeps` entries: those that its reader was sent, or all while it has no reader.
    """

    def __init__(self, room: Room) -> None:
        self.closed = False
        self.reader: Reader | None = None
        self.sent = 0  # the number of the last message that a reader was sent
        self.keeps = 0
        self.news = trio.Event()
        self._room = room
        self._entries: deque[tuple[int, bytes]] = deque()
        self._last = 0

    def put(self, body: bytes) -> None:
        """Add a message, unless it is closed."""
        if self.closed:
            return
        self._last += 1
        self._entries.append((self._last, body))
        if self.reader is None:
            self._keep(body)
        else:
            self._room.unread += _size(body)
        self.news.set()

    def close(self) -> None:
        """Let nothing more in; what is there can still be read."""
        self.closed = True
        self.news.set()

    def discard(self) -> None:
        """Close it, and hold nothing any more."""
        self.close()
        while self.keeps:
            self.drop_oldest()
        self._room.unread -= sum(_size(body) for _number, body in self._entries)
        self._entries.clear()
        self.sent = self._last

    def attach(self) -> Reader:
        """Return a reader of what was not sent yet; it takes over from another."""
        return self._attach(self.sent)

    def attach_after(self, number: int) -> Reader | None:
        """Return a reader of what follows a number; None when that is not kept."""
        first = self._entries[0][0] if self._entries else self._last + 1
        return self._attach(number) if first - 1 <= number <= self.sent else None

    def _attach(self, after: int) -> Reader:
        again = [body for number, body in islice(self._entries, self.keeps) if number > after]
        for size in map(_size, again):
            self.keeps -= 1
            self._room.release(self, size)
            self._room.unread += size
        self.sent = after
        self.reader = Reader(self)
        self.news.set()  # for the one that it takes over from
        return self.reader

    def leave(self, reader: Reader) -> None:
        """Keep the rest for one who comes back, unless another has come already."""
        if self.reader is reader:
            self.reader = None
            for _number, body in list(self._entries)[self.keeps :]:
                self._room.unread -= _size(body)
                self._keep(body)

    def _keep(self, body: bytes) -> None:
        self.keeps += 1
        self._room.keep(self, _size(body))

    def drop_oldest(self) -> None:
        """Keep one message less."""
        number, body = self._entries.popleft()
        self.sent = max(self.sent, number)
        self.keeps -= 1
        self._room.release(self, _size(body))

    def next(self) -> tuple[int, bytes] | None:
        """Return the first message that was not sent, and its number."""
        return self._entries[self.keeps] if self.keeps < len(self._entries) else None

    def pass_on(self) -> None:
        """Note that the first one was sent."""
        number, body = self._entries[self.keeps]
        self.sent = number
        self._room.unread -= _size(body)
        self._keep(body)

    @property
    def count(self) -> int:
        """How many messages came."""
        return self._last

    @property
    def drained(self) -> bool:
        """Whether all was sent and nothing will come."""
        return self.closed and self.sent == self._last


class Reader:
    """One who reads a mailbox, until it is over: another took over, or there is no more to come."""

    def __init__(self, box: EventBuffer) -> None:
        self.box = box

    @property
    def over(self) -> bool:
        """Whether nothing more will come to this reader."""
        return self.box.reader is not self or self.box.drained

    def next(self) -> tuple[int, bytes] | None:
        """Return the next message and its number; the same again until it was sent()."""
        return self.box.next() if self.box.reader is self else None

    def sent(self, number: int) -> None:
        """Note that this message is on its way: only then it is not held as unread any more."""
        if self.box.reader is self and self.box.sent < number:
            self.box.pass_on()

    async def wait(self) -> None:
        """Wait until there is a next message, or it is over."""
        while self.next() is None and not self.over:
            self.box.news = trio.Event()
            await self.box.news.wait()

    def leave(self) -> None:
        """Read no more."""
        self.box.leave(self)


def _size(body: bytes) -> int:
    return len(body) + EACH_BYTES
