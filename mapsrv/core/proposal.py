"""What is asked of a Session, and what it makes of it: pending, settled, or stale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mapsrv.core.commands import Answer, Prepared
from mapsrv.core.log import Event, Origin, Record
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks what, under which author-scoped key; `at` is RFC 3339 UTC."""

    prepared: Prepared
    origin: Origin
    key: str
    fingerprint: str
    at: str


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A command that is decided and not yet committed."""

    event: Event
    state: MapState  # after it


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer, or the refusal, that may be told once `after` is committed (None: now).

    `record` is the one of the key, where the command is already in the log.
    """

    result: Answer | MapsrvError
    after: Pending | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Stale:
    """A MapLayer that prepare relied on is another now: prepare again."""


Proposal: TypeAlias = Pending | Settled | Stale


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Own commands that absorbing found in the log, and those to be executed again, in order."""

    committed: tuple[Pending, ...]
    withdrawn: tuple[Pending, ...]
