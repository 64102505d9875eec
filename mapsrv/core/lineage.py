"""How the history that a process holds stands to the one that the store has now. Pure.

A store can lose its newest writes (restored from an older copy, failed over to a lagging one) or
all. The chain of hashes tells each case, and what of ours would be lost.
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
    """Theirs ends where ours has long been, or is gone: begin it anew from ours."""


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
        return WentBack()
    return _parted(ours, theirs, _newest_common(ours, theirs))


def _other_epoch(ours: Session, theirs: Session) -> Relation:
    for position in theirs.came_from:
        if position.epoch == ours.head.epoch:
            return _parted(ours, theirs, _agreed_until(ours, theirs, position))
    if any(position.epoch == theirs.head.epoch for position in ours.came_from):
        return WentBack()
    ancestors = {position.epoch for position in ours.came_from}
    if any(position.epoch in ancestors for position in theirs.came_from):
        return _parted(ours, theirs, -1)  # both began anew from one: it was lost twice
    return Follows()


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
