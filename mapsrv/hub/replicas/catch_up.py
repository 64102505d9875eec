"""What other processes committed, read and applied in turns: a whole log at once would hold the loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import trio

from mapsrv.core.log import Event, Head
from mapsrv.errors import NewerFormat
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.load import event_of
from mapsrv.store import Entry
from mapsrv.wire import codec

SLICE_BYTES = 256 * 1024  # of bodies, some 5 ms to read and to apply
SLICE_EVENTS = 100


def heard(entry: Entry) -> Event:
    """Return the event of an entry, its ops read. Raises ValueError, KeyError or TypeError for a torn one."""
    return event_of(entry, codec.decode_event(entry.body)[2])


def slices(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Yield the entries in shares that are read and applied in one turn."""
    start = size = 0
    for index, entry in enumerate(entries):
        if index > start and (index - start >= SLICE_EVENTS or size + len(entry.body) > SLICE_BYTES):
            yield entries[start:index]
            start, size = index, 0
        size += len(entry.body)
    yield entries[start:]


async def take(live: LiveSession, entries: Sequence[Entry]) -> bool:
    """Apply what came since, in turns; False where the session must be read whole.

    The session is in flight: what is heard meanwhile waits.
    """
    for some in slices(entries):
        try:
            if not live.absorb([heard(entry) for entry in some]):
                return False
        except (ValueError, KeyError, TypeError):
            return False  # another release's, or torn: a load says so
        await trio.lowlevel.checkpoint()
    return True


def is_elsewhere(now: Head, before: Head, head: Head | NewerFormat | None) -> bool:
    """Return whether a store that says `head`, asked at `before`, has not the history of `now`."""
    if not isinstance(head, Head) or head.epoch != before.epoch:
        return head != now
    # What came meanwhile is ahead of what was asked. What was there before cannot be ahead of a store
    # that has lost nothing.
    if head in (before, now):
        return False
    return head.revision >= now.revision or head.revision < before.revision
