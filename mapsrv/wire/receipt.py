"""What a caller gets back, and the link of the map that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from mapsrv.core.log import Position
from mapsrv.core.state import Json
from mapsrv.wire.drawn import Problem


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether one page has applied what was done, and of which layers it still waits for the data."""

    applied: bool
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a caller gets back. `viewers` is how many have the map open now.

    `facts` are fields that stand there only where they have something to say.
    """

    session_id: str
    title: str
    position: Position
    changed: tuple[str, ...]
    viewers: int
    warnings: tuple[str, ...]
    durability: str
    facts: Mapping[str, Json] = field(default_factory=dict)
    shown: Shown | None = None  # what a page says that was asked
    problems: tuple[Problem, ...] = ()  # which that page has with what changed

    def to_json(self, base_url: str) -> dict[str, Json]:
        """Return it as it stands on the wire; the map's link begins with base_url."""
        told: dict[str, Json] = {
            "session_id": self.session_id,
            "title": self.title,
            "url": map_url(base_url, self.session_id),
            "position": str(self.position),
            "changed": list(self.changed),
            "viewers": self.viewers,
            "warnings": list(self.warnings),
            "durability": self.durability,
            **self.facts,
        }
        if self.shown is not None:
            told["shown"] = {"applied": self.shown.applied, "waiting": list(self.shown.waiting)}
        if self.problems:
            told["problems"] = [problem.to_json() for problem in self.problems]
        return told


def map_url(base_url: str, session_id: str) -> str:
    """Return the link that opens a map; base_url has no slash at its end."""
    return f"{base_url}/?session={quote(session_id, safe='')}"
