"""One shared map as a state machine, sans-IO: propose -> committed -> since; absorb what others did.

Nothing here waits, so nothing here races. Readers read by since(), and see only what is committed. Three
states are told apart: what is committed (`state`), what is proposed and on its way to the store (`pending`,
each with the state after it), and what the next command is decided on (`proposed`, the newest of the two).
What can happen, and what each odd line is for:

- propose(): the command is decided, encoded and chained at once, on what is pending, so that one batch has
  many. It may fail together with them: a refusal, or an answer that nothing changed, stands on what was
  pending then, and is told only when that is stored (`after`).
- A key that is known is answered as it was, whether it is pending or done. With another command it is
  refused: else a caller that draws keys badly would be told of work that was never done.
- A command that was prepared on a layer which is another by now is Stale: prepared anew, not decided on
  what it never saw.
- committed(): the oldest, in order. Their states were made when they were proposed; nothing is applied twice.
- withdraw(): the store refused one, or is elsewhere. All that is pending goes, since each stands on the one
  before; the gate proposes them again, under their keys.
- absorb(): another process was faster. What is pending stands on a head that is none any more, and goes,
  but for what the news has under our own keys: that was ours, and its callers are answered.
- branch(): without the store. Another epoch, so that no position of it is taken for one of the store's.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from mapsrv.core.apply import apply_all
from mapsrv.core.decider import changed, decide
from mapsrv.core.log import MAX_KEYS, Event, EventLog, Head, Origin, Position, Record
from mapsrv.core.ops import Op
from mapsrv.core.prepared import Answer
from mapsrv.core.proposal import Absorbed, Asked, Pending, Proposal, Settled, Stale
from mapsrv.core.state import MapState
from mapsrv.errors import KeyReused, MapsrvError

Encode: TypeAlias = Callable[[str, Origin, tuple[Op, ...]], bytes]  # (at, origin, ops) -> body

NOTHING_CHANGED = "Nothing changed: the map already was as asked."


@dataclass(frozen=True, slots=True)
class Replay:
    """The events after a position, oldest first."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state at one position."""

    state: MapState
    position: Position


class Session:
    """State, log and keys of one map in this process."""

    def __init__(
        self,
        head: Head,
        encode: Encode,
        *,
        state: MapState | None = None,
        log: EventLog | None = None,
        keys: Iterable[tuple[str, Record]] = (),
        came_from: tuple[Position, ...] = (),
    ) -> None:
        """Begin at `head` with its state; `log` holds the events before it, `keys` the oldest first.

        `came_from`: where this history began anew from others, the newest first.
        """
        self.came_from = came_from
        self._encode = encode
        self._state = state or MapState()
        self._log = log or EventLog(head)
        self._keys = OrderedDict(keys)
        self._pending: deque[Pending] = deque()
        self._by_key: dict[str, Pending] = {}

    @property
    def head(self) -> Head:
        """The end of what is committed."""
        return self._log.head

    @property
    def log(self) -> EventLog:
        """The newest events, to be read."""
        return self._log

    @property
    def keys(self) -> Mapping[str, Record]:
        """What is remembered of keys, the oldest first; to be read."""
        return self._keys

    @property
    def state(self) -> MapState:
        """What readers see: all that is committed."""
        return self._state

    @property
    def proposed(self) -> MapState:
        """What the next command is decided on."""
        return self._pending[-1].state if self._pending else self._state

    @property
    def has_pending(self) -> bool:
        """Whether anything waits for the store."""
        return bool(self._pending)

    @property
    def pending(self) -> tuple[Pending, ...]:
        """What waits for the store, oldest first."""
        return tuple(self._pending)

    def recall(self, key: str, fingerprint: str) -> Pending | Settled | None:
        """Return what a key already is, so that a retry need not be prepared: None for a new one."""
        pending, record = self._by_key.get(key), self._keys.get(key)
        if pending is not None:
            record = pending.event.record
        if record is None:
            return None
        if record.fingerprint != fingerprint:
            return Settled(
                KeyReused("This id was used for another command. Give every new command a new id.")
            )
        return pending or Settled(record.answer, record=record)

    def propose(self, asked: Asked) -> Proposal:
        """Decide a command on the newest proposed state, or find what its key already is."""
        known = self.recall(asked.key, asked.fingerprint)
        if known is not None:
            return known
        if asked.prepared.is_stale(self.proposed):
            return Stale()
        after = self._pending[-1] if self._pending else None
        try:
            ops = decide(self.proposed, asked.prepared.command)
        except MapsrvError as refusal:
            return Settled(refusal, after)
        if not ops:
            warnings = (NOTHING_CHANGED, *asked.prepared.warnings)
            return Settled(Answer(warnings=warnings, facts=asked.prepared.unchanging), after)
        return self._accept(asked, asked.stamped(ops))

    def committed(self, count: int) -> tuple[Event, ...]:
        """Make the oldest `count` pending commands visible; return their events."""
        done = [self._pending.popleft() for _ in range(count)]
        for pending in done:
            del self._by_key[pending.event.key]
            self._append(pending.event, pending.state)
        return tuple(pending.event for pending in done)

    def withdraw(self) -> tuple[Pending, ...]:
        """Take back all that is pending, oldest first: it failed, or stood on what failed."""
        withdrawn = tuple(self._pending)
        self._pending.clear()
        self._by_key.clear()
        return withdrawn

    def branch(self, epoch: str) -> Session:
        """Return a session that goes on alone from here: what is pending comes first, under its keys."""
        alone = Session(Head.of_epoch(epoch), self._encode, state=self._state, keys=self._keys.items())
        for pending in self._pending:
            event = pending.event
            head = alone.head.next(event.key, event.body)
            record = replace(event.record, position=head.position)
            alone._append(Event(head, event.key, event.body, event.ops, record), pending.state)
        return alone

    def absorb(self, events: Sequence[Event]) -> Absorbed:
        """Apply what others committed; events up to the head that are held already are passed over.

        Raises OutOfStep, having changed nothing, when they do not chain to this history.
        """
        news = self._log.news(events)
        own = tuple(self._by_key[event.key] for event in news if event.key in self._by_key)
        keys = {event.key for event in news}
        withdrawn = tuple(pending for pending in self.withdraw() if pending.event.key not in keys)
        # All at once: nobody looks at the states between.
        state = apply_all(self._state, (op for event in news for op in event.ops))
        for event in news:
            self._append(event, state)
        return Absorbed(own, withdrawn)

    def since(self, position: Position | None) -> Replay | Snapshot:
        """Return the events after a position of this history, or else the whole state."""
        events = None if position is None else self._log.after(position)
        return Snapshot(self._state, self.head.position) if events is None else Replay(events)

    def _accept(self, asked: Asked, ops: tuple[Op, ...]) -> Pending:
        head = self._pending[-1].event.head if self._pending else self.head
        body = self._encode(asked.at, asked.origin, ops)
        head = head.next(asked.key, body)
        ready = asked.prepared
        answer = ready.answer or Answer(changed(ops), ready.warnings, ready.facts)
        record = Record(asked.fingerprint, answer, head.position)
        pending = Pending(Event(head, asked.key, body, ops, record), apply_all(self.proposed, ops))
        self._pending.append(pending)
        self._by_key[asked.key] = pending
        return pending

    def _append(self, event: Event, state: MapState) -> None:
        self._state = state
        self._log.append(event)
        self._keys[event.key] = event.record
        while len(self._keys) > MAX_KEYS:
            self._keys.popitem(last=False)
