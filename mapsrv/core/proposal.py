"""What is asked of a Session, and what it makes of it: pending, settled, or stale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from mapsrv.core.commands import AddLayer
from mapsrv.core.log import Event, Origin, Record
from mapsrv.core.ops import LayerPut, Op
from mapsrv.core.prepared import Answer, Prepared
from mapsrv.core.state import Added, MapState
from mapsrv.errors import MapsrvError


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks what, under which author-scoped key; `at` is RFC 3339 UTC."""

    prepared: Prepared
    origin: Origin
    key: str
    fingerprint: str
    at: str

    def stamped(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """Return the ops with the layer that is added saying by whom: decide() knows neither author nor time.

        What is done again after an outage says so already, and a change of features adds no layer.
        """
        if not isinstance(self.prepared.command, AddLayer):
            return ops
        added = Added(self.origin.kind, self.origin.name, self.at)
        return tuple(
            LayerPut(replace(op.layer, added=added)) if isinstance(op, LayerPut) else op for op in ops
        )


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
