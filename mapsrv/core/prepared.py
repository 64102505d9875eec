"""What comes of a command beside its ops: what prepare made of it, and what its author is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mapsrv.core.commands import Command
from mapsrv.core.state import Json, MapLayer, MapState

# Facts that tell of a change: where nothing changed, they are not told.
OF_CHANGES = frozenset({"replaced", "updated"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command did, as its author is told, now and on every retry with the same key.

    `facts` are more fields of its Receipt, by their names there.
    """

    changed: tuple[str, ...] = ()  # ids of the layers that it touched
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A completed Command, and the MapLayers (None: absent) that completing it relied on.

    `facts` are what the Receipt says beside warnings; `answer` is what its author was told already, when it
    is done again: it is not judged anew.
    """

    command: Command
    relied: Mapping[str, MapLayer | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    answer: Answer | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    drawn: Mapping[str, MapLayer] = field(default_factory=dict)  # relied on but for their looks

    @property
    def unchanging(self) -> dict[str, Json]:
        """The facts that stand also where nothing changed."""
        return {name: fact for name, fact in self.facts.items() if name not in OF_CHANGES}

    def told(self, name: str, fact: Json) -> Prepared:
        """Return it with one fact more."""
        facts = {**self.facts, name: fact}
        return Prepared(self.command, self.relied, self.warnings, self.answer, facts, self.drawn)

    def is_stale(self, state: MapState) -> bool:
        """Return whether a layer that was relied on is another in this state."""
        if not self.relied and not self.drawn:
            return False
        now = state.layers
        if any(now.get(name) is not layer for name, layer in self.relied.items()):
            return True
        return any(
            (found := now.get(name)) is None
            or found.source is not layer.source
            or found.style_layers is not layer.style_layers
            for name, layer in self.drawn.items()
        )
