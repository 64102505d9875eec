"""How the history that a process holds stands to the one that the store has now. Pure.

A store can lose its newest writes (restored from an older copy, failed over to a replica that lagged) or
all. The revision alone does not tell: a store that went back and was written to since may have reached
the very revision that we hold, with other events. So histories are compared by their chain of hashes,
and by the epochs that each began anew from (`came_from`). What can be found, in the order asked:

- Nothing is there: it was emptied. WentBack, and the store is given ours.
- The same epoch, and our head is in their log, or lies before all that their log still holds: they are
  ours and more. Follows. A log is bounded: what lies before it cannot be compared, and is taken for theirs.
- The same epoch, they end where we have long been, and nothing contradicts: WentBack. Who only looked at
  the number would take their state, and our newest events were gone.
- The same epoch, and at one revision the hashes differ: Parted, since the newest revision where both
  agree. What of ours is not there by its key is decided again on theirs.
- Another epoch, which says it came from ours: another process was first in giving the store its own
  back. Parted after where it began, or from as far back as keys are remembered when that lies ahead of us.
- Another epoch, which ours came from: they are the history before; WentBack. Both came from a third: it
  was lost twice, and two processes began it anew. Parted from the start, and keys tell what is double.
- But where theirs began from what ours had before it began anew more than once, ours goes on from there, and
  has what lies between only as a whole, not as events: WentBack. Of two such histories this is so for one.
- Who went back may have gone on since: another process, which did not hold the map, took what was left and
  was told that its command is stored. Those events come with WentBack, and are decided again on ours. Keys
  tell which they are, as far back as ours remembers: what came before may be ours, and forgotten.
- Nothing joins the two: there is nothing to compare, and theirs is taken. Follows.

Only what is committed counts here: what is pending is withdrawn and decided again in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mapsrv.core.log import Event, Position
from mapsrv.core.session import Session


@dataclass(frozen=True, slots=True)
class Follows:
    """Theirs is ours, or goes on from it, or nothing joins the two: take theirs."""


@dataclass(frozen=True, slots=True)
class WentBack:
    """Theirs ends where ours has long been, or is gone: begin it anew from ours.

    `others` is what theirs has done since it went back, oldest first, `touched` the layers of what it lacks.
    """

    others: tuple[Event, ...] = ()
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parted:
    """Theirs went another way. `missing` are our events that it lacks, oldest first, and `others` its own."""

    missing: tuple[Event, ...]
    others: tuple[Event, ...]


Relation: TypeAlias = Follows | WentBack | Parted


def compare(ours: Session, theirs: Session | None) -> Relation:
    """Return how theirs stands to ours, of which only what is committed counts."""
    if theirs is None:
        return WentBack()
    if theirs.head.epoch != ours.head.epoch:
        return _other_epoch(ours, theirs)
    if theirs.log.at(ours.head.revision) == ours.head or ours.head.revision < theirs.log.base.revision:
        return Follows()
    mine = ours.log.at(theirs.head.revision)
    if theirs.head.revision < ours.head.revision and mine in (None, theirs.head):
        return _went_back(ours, theirs)
    return _parted(ours, theirs, _newest_common(ours, theirs))


def _other_epoch(ours: Session, theirs: Session) -> Relation:
    for position in theirs.came_from:
        if position.epoch == ours.head.epoch:
            return _parted(ours, theirs, _agreed_until(ours, theirs, position))
    if any(position.epoch == theirs.head.epoch for position in ours.came_from):
        return _went_back(ours, theirs)
    if theirs.came_from and any(_at_or_before(theirs.came_from[0], there) for there in ours.came_from[1:]):
        return _went_back(ours, theirs)
    ancestors = {position.epoch for position in ours.came_from}
    if any(position.epoch in ancestors for position in theirs.came_from):
        return _parted(ours, theirs, -1)  # both began anew from one: it was lost twice
    return Follows()


def _at_or_before(position: Position, there: Position) -> bool:
    return position.epoch == there.epoch and position.revision <= there.revision


def _went_back(ours: Session, theirs: Session) -> WentBack:
    forgotten = ours.head.revision - len(ours.keys)
    others = tuple(e for e in theirs.log if e.key not in ours.keys and e.head.revision > forgotten)
    lacks = (record for key, record in ours.keys.items() if others and key not in theirs.keys)
    return WentBack(others, frozenset(name for record in lacks for name in record.answer.changed))


def _agreed_until(ours: Session, theirs: Session, position: Position) -> int:
    """Return up to which revision ours is theirs, which began anew at a position of our epoch."""
    if position.revision > ours.head.revision:
        # Ours may be the way there or another: their keys tell, as far back as they are remembered.
        return theirs.head.revision - len(theirs.keys)
    held = ours.log.at(position.revision)
    return position.revision if held is None or held.position == position else -1


def _newest_common(ours: Session, theirs: Session) -> int:
    """Return the newest revision where both agree, or -1 when none is held that does."""
    revision = min(ours.head.revision, theirs.head.revision)
    while (head := ours.log.at(revision)) is not None and theirs.log.at(revision) is not None:
        if head == theirs.log.at(revision):
            return revision
        revision -= 1
    return -1


def _parted(ours: Session, theirs: Session, after: int) -> Relation:
    missing = [e for e in ours.log if e.head.revision > after and e.key not in theirs.keys]
    if not missing:
        return Follows()
    same = theirs.head.epoch == ours.head.epoch
    others = [e for e in theirs.log if not same or e.head.revision > after]
    return Parted(tuple(missing), tuple(e for e in others if e.key not in ours.keys))
