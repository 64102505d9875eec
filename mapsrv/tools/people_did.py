"""What people changed since a caller's last event or a position, in a few lines; and who removed a layer.

All of it comes from the log. Who did an event stands in its key, so that only what people did is decoded;
how much of that is bounded, since a person who drags a slider makes ten events a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any

from mapsrv.core import ops as o
from mapsrv.core.log import Event, EventLog, Origin, Position
from mapsrv.core.session import Session
from mapsrv.tools.words import ago, quoted
from mapsrv.wire import codec

MAX_LINES = 5
MAX_DECODED = 64 * 1024  # bytes of events that are decoded for it, about 2 ms
MAX_ACTS = 2  # of one event that a line tells
PERSON = "person:"


@dataclass(frozen=True, slots=True)
class _Line:
    """One thing that one person did, `times` in a row, the last at `at`."""

    who: str
    did: str
    at: str
    times: int = 1

    def told(self, now: float) -> str:
        often = f" ({self.times} times)" if self.times > 1 else ""
        return " ".join(filter(None, [self.who, self.did + often, ago(self.at, now)]))


def before_own(session: Session, author: str, position: Position | None) -> Iterator[Event]:
    """Yield what followed an author's last event, newest first; of the one at `position`, what was before.

    `author` is KIND:ID. Nothing, where this author did nothing yet.
    """
    log = session.log
    newer = 0 if position is None else _up_to_own(log, author, position)
    if log.base.revision == 0 and author not in map(_author, islice(log.newest(), newer, None)):
        return iter(())
    return takewhile(lambda event: _author(event) != author, islice(log.newest(), newer, None))


def _up_to_own(log: EventLog, author: str, position: Position) -> int:
    """Return how many events there are from the newest to the author's own one at a position, with it.

    They are few, since that has just been made; so every call asks it, and no position but that one is made.
    """
    since = log.head.revision - position.revision
    event = next(islice(log.newest(), since, None), None) if since >= 0 else None
    if event is None or _author(event) != author or event.head.position != position:
        return 0
    return since + 1


def after(log: EventLog, position: Position) -> Iterator[Event] | None:
    """Return what came after a position, newest first; None where it is not of this history, or too old."""
    events = log.after(position)
    return None if events is None else reversed(events)


def people_did(events: Iterable[Event], now: float) -> list[str]:
    """Return what people did of these (newest first), at most MAX_LINES lines, oldest first."""
    lines: list[_Line] = []
    room = MAX_DECODED
    for event in events:
        if not _author(event).startswith(PERSON):
            continue
        room -= len(event.body)
        if room < 0:
            break
        line = _line(event)
        if lines and (lines[-1].who, lines[-1].did) == (line.who, line.did):
            lines[-1] = replace(lines[-1], times=lines[-1].times + 1)
        elif len(lines) == MAX_LINES:
            break
        else:
            lines.append(line)
    return [line.told(now) for line in reversed(lines)]


def removed(log: EventLog, layer_id: str, now: float) -> str | None:
    """Return by whom a layer of that id was removed, and when; None where the log does not say."""
    sought = codec.dumps(layer_id)
    for event in log.newest():
        if b'"remove_layer"' not in event.body or sought not in event.body:
            continue
        at, origin, ops = codec.decode_event(event.body)
        if any(isinstance(op, o.LayerRemoved) and op.id == layer_id for op in ops):
            return f"It was removed by {_who(origin)} {ago(at, now)}".rstrip() + "."
    return None


def _author(event: Event) -> str:
    return event.key.partition(" ")[2]


def _line(event: Event) -> _Line:
    at, origin, ops = codec.decode_event(event.body)
    did = list(dict.fromkeys(_did(op) for op in ops))
    more = " and more" if len(did) > MAX_ACTS else ""
    return _Line(_who(origin), " and ".join(did[:MAX_ACTS]) + more, at)


def _who(origin: Origin) -> str:
    name = f" {quoted(origin.name)}" if origin.name and origin.name != origin.kind else ""
    return f"a {origin.kind}{name}"


def _did(op: o.Op) -> str:
    return _ACTS[type(op)](op)


def _set(op: o.LayerSet) -> str:
    name = quoted(op.id)
    return _first(
        op.changes,
        visible=f"{'showed' if op.changes.get('visible') else 'hid'} {name}",
        title=f"renamed {name} to {quoted(str(op.changes.get('title')))}",
        filter=_filtered(op.changes, name),
        rank=f"moved {name}",
        attribution=f"changed the attribution of {name}",
    )


def _restyled(op: o.Restyled) -> str:
    name = quoted(op.style_layer)
    return _first(
        op.changes,
        visible=f"{_SHOWN[op.changes.get('visible')]} {name}",
        filter=_filtered(op.changes, name),
        paint=f"changed the look of {name}",
        layout=f"changed the look of {name}",
        minzoom=f"changed the zooms of {name}",
        maxzoom=f"changed the zooms of {name}",
    )


def _filtered(changes: Mapping[str, Any], name: str) -> str:
    return f"{'filtered' if changes.get('filter') is not None else 'took the filter off'} {name}"


def _first(changes: Mapping[str, Any], **told: str) -> str:
    return next((text for name, text in told.items() if name in changes), "changed a layer")


_SHOWN = {True: "showed", False: "hid", None: "toggled"}  # None: as it was added
_ACTS: Mapping[type[Any], Callable[[Any], str]] = {
    o.TitleSet: lambda op: f"renamed the map to {quoted(op.title)}",
    o.BasemapSet: lambda op: f"chose the basemap {quoted(op.basemap)}",
    o.CameraSet: lambda op: "moved the view",
    o.LayerPut: lambda op: f"added {quoted(op.layer.id)}",
    o.LayerRemoved: lambda op: f"removed {quoted(op.id)}",
    o.LayerSet: _set,
    o.Restyled: _restyled,
    o.FeaturesUpdated: lambda op: f"changed features of {quoted(op.id)}",
}
