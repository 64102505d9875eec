"""A page of a map's log, newest first: events as the stream has them, bounded in number and bytes."""

from __future__ import annotations

from itertools import islice
from typing import Any

from mapsrv.core.log import Event, EventLog, Position
from mapsrv.core.state import Json
from mapsrv.wire import codec

MAX_EVENTS = 100  # of a page
MAX_BYTES = 256 * 1024  # of JSON of a page
MAX_MEMBER = 1024  # bytes of JSON of what is kept of an event that would not fit a page whole
MAX_OPS = 20  # ops that are kept of it: each has a layer of eleven members at most
ROOM = MAX_BYTES - 64  # for what stands around the events

MORE, NONE, FORGOTTEN = "more", "none", "forgotten"  # `older`: what there is before the last of a page


def log_page(log: EventLog, before: Position | None, *, whole: bool) -> bytes:
    """Return the newest events, or those before that which ends at `before`.

    `whole`: the log reaches back to where the map began, or would if nothing had fallen out of it.
    """
    start = log.head.revision + 1 if before is None else before.revision
    if before is not None:
        held = log.at(before.revision)
        if held is None or held.position != before:
            return _encoded([], FORGOTTEN)
    kept: list[bytes] = []
    room, newest = ROOM, log.head.revision
    for event in islice(log.newest(), newest + 1 - start, None):
        encoded = _event(event)
        room -= len(encoded) + len(",")
        if room < 0 or len(kept) == MAX_EVENTS:
            return _encoded(kept, MORE)
        kept.append(encoded)
    return _encoded(kept, NONE if whole and log.base.revision == 0 else FORGOTTEN)


def _encoded(events: list[bytes], older: str) -> bytes:
    return b'{"older":' + codec.dumps(older) + b',"events":[' + b",".join(events) + b"]}"


def _event(event: Event) -> bytes:
    head = codec.dumps({"position": str(event.head.position)})[:-1] + b","
    if len(head) + len(event.body) <= ROOM:
        return head + event.body[1:]
    value: dict[str, Json] = codec.loads(event.body)
    ops = [_cut(op) for op in value["ops"][:MAX_OPS]]
    return head + codec.dumps({**value, "ops": ops, "cut": True})[1:]


def _cut(op: dict[str, Any]) -> dict[str, Json]:
    """Return an op without what is large in it: data, and long styles."""
    layer = {"layer": _small(op["layer"])} if "layer" in op else {}
    return _small({key: item for key, item in op.items() if key != "layer"}) | layer


def _small(members: dict[str, Json]) -> dict[str, Json]:
    return {key: item for key, item in members.items() if len(codec.dumps(item)) <= MAX_MEMBER}
