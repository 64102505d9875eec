"""What a caller gets back, and the link of the map that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from mapsrv.core.log import Position
from mapsrv.core.state import Json


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a caller gets back. `viewers` is how many have the map open now.

    `facts` are told beside the rest by their names, each only where there is something to say.
    """

    session_id: str
    title: str
    position: Position
    changed: tuple[str, ...]
    viewers: int
    warnings: tuple[str, ...]
    durability: str
    facts: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self, base_url: str) -> dict[str, Json]:
        """Return it as it stands on the wire; the map's link begins with base_url."""
        return {
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


def map_url(base_url: str, session_id: str) -> str:
    """Return the link that opens a map; base_url has no slash at its end."""
    return f"{base_url}/?session={quote(session_id, safe='')}"
