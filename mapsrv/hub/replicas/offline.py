"""What a session does alone, while its store is away: never stored as it is, decided again afterwards.

The commands are kept in order, with their keys. How many a process keeps is bounded over all of
its sessions.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import trio

from mapsrv.core.commands import AddLayer, Command, Reapply, UpdateFeatures
from mapsrv.core.decider import changed
from mapsrv.core.log import Event, Origin
from mapsrv.core.prepared import Answer
from mapsrv.core.session import Session
from mapsrv.errors import MapsrvError, StoreUnavailable
from mapsrv.metrics.maps import BRANCH_COMMANDS
from mapsrv.wire import codec

MAX_COMMANDS = 10_000  # of a process: some minutes of many people's work
MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A command to be decided again. `key` is author-scoped, `at` RFC 3339 UTC, `size` bytes.

    `answer` is what its author was told, or will be, when it was judged: that stays, and is not judged anew.
    """

    command: Command
    origin: Origin
    key: str
    fingerprint: str
    at: str
    size: int
    answer: Answer | None = None


class Room:
    """How much of MAX_COMMANDS and MAX_BYTES the process has left."""

    def __init__(self, *, commands: int = MAX_COMMANDS, size: int = MAX_BYTES) -> None:
        self.commands, self.bytes = commands, size

    @property
    def full(self) -> bool:
        """Whether no command can be taken."""
        return self.commands <= 0 or self.bytes <= 0

    def check(self) -> None:
        """Raise StoreUnavailable when no command can be taken."""
        if self.full:
            raise StoreUnavailable(
                "The place where maps are kept is away, and this server remembers as much as it can:"
                " try again in a moment.",
                retry_after=5,
            )

    def take(self, wanted: Wanted) -> None:
        """Count a command that is kept."""
        self._count(wanted, 1)

    def free(self, wanted: Wanted) -> None:
        """Count it no more."""
        self._count(wanted, -1)

    def _count(self, wanted: Wanted, sign: int) -> None:
        self.commands -= sign
        self.bytes -= sign * wanted.size
        BRANCH_COMMANDS.inc(sign)


class Branch:
    """One session's time alone. `trunk` is the shared history, as this process last knew it."""

    def __init__(self, trunk: Session, room: Room) -> None:
        self.trunk = trunk
        self.stuck: MapsrvError | None = None  # why it cannot come back, though the store answers
        self._room = room
        self._wanted: deque[Wanted] = deque()
        self._open = trio.Event()
        self._open.set()

    def __len__(self) -> int:
        return len(self._wanted)

    def add(self, wanted: Wanted) -> None:
        """Keep a command that came last."""
        self._room.take(wanted)
        self._wanted.append(wanted)

    def add_before(self, lost: list[Wanted]) -> None:
        """Keep commands that come before all others: the shared history had them, and lost them."""
        for wanted in reversed(lost):
            self._room.take(wanted)
            self._wanted.appendleft(wanted)

    def oldest(self, count: int, size: float = math.inf) -> list[Wanted]:
        """Return the oldest commands, of so many bytes in all, but one at the least."""
        found: list[Wanted] = []
        for wanted in islice(self._wanted, count):
            size -= wanted.size
            if found and size < 0:
                break
            found.append(wanted)
        return found

    def done(self, count: int) -> None:
        """Drop the oldest commands: they are decided."""
        for _ in range(count):
            self._room.free(self._wanted.popleft())

    # New commands wait for the end of the branch once it is near: else they might put it off for ever.

    @property
    def closed(self) -> bool:
        """Whether new commands wait."""
        return not self._open.is_set()

    def close(self) -> None:
        """Have new commands wait."""
        if not self.closed:
            self._open = trio.Event()

    def reopen(self) -> None:
        """Let them go on."""
        self._open.set()

    async def opened(self) -> None:
        """Wait while it is closed."""
        await self._open.wait()


def size_of(command: Command, body: bytes) -> int:
    """Return about how many bytes a command keeps in memory; `body` is its event's."""
    document = command.document if isinstance(command, (AddLayer, UpdateFeatures)) else None
    return len(body) + len(document or b"")


async def touched_by(events: Iterable[Event]) -> frozenset[str]:
    """Return the ids of the layers that they changed."""
    names: set[str] = set()
    for event in events:
        names.update(_touched(event))
        await trio.lowlevel.checkpoint()  # a log's JSON may have megabytes
    return frozenset(names)


async def lost_commands(missing: Iterable[Event], touched: frozenset[str]) -> list[Wanted]:
    """Return the events that a history lacks as commands; `touched` are the layers that it changed since."""
    found = []
    for event in missing:
        await trio.lowlevel.checkpoint()
        at, origin, ops = codec.decode_event(event.body)
        record = event.record
        command = Reapply(ops, touched)
        found.append(
            Wanted(command, origin, event.key, record.fingerprint, at, len(event.body), record.answer)
        )
    return found


def _touched(event: Event) -> tuple[str, ...]:
    try:
        return changed(codec.decode_event(event.body)[2])
    except (ValueError, KeyError, TypeError):
        return ()  # another release's
