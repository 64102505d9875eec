"""What was done while the store was away and could not be kept: told to its authors, bounded.

People read it in the `status` frames of their own streams, models in the problems of the map and in
the warnings of their next Receipt.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

from mapsrv.core.commands import Command, Reapply
from mapsrv.core.log import Origin
from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError
from mapsrv.hub.replicas.offline import Wanted
from mapsrv.wire import codec

MAX_REFUSALS = 50  # of a session; more say no more


@dataclass(frozen=True, slots=True)
class Rejection:
    """One command that was not kept. `id` is its key, as its author gave it."""

    author: tuple[str, str]  # kind and id of its Origin
    id: str
    command: str
    code: str
    message: str

    def to_json(self) -> dict[str, Json]:
        """Return it as it stands in a status frame."""
        return {"id": self.id, "command": self.command, "code": self.code, "message": self.message}


class Rejections:
    """The newest of one session."""

    def __init__(self) -> None:
        self.held: deque[Rejection] = deque(maxlen=MAX_REFUSALS)

    def add(self, wanted: Wanted, error: MapsrvError) -> Rejection:
        """Keep and return the refusal of a command."""
        origin = wanted.origin
        name = name_of(wanted.command)
        key = wanted.key.removesuffix(f" {origin.kind}:{origin.id}")
        text = f"{name} could not be kept after the store was away: {error.message}"
        refusal = Rejection((origin.kind, origin.id), key, name, error.code, text)
        self.held.append(refusal)
        return refusal

    def of(self, author: tuple[str, str]) -> list[Rejection]:
        """Return those of one author, oldest first."""
        return [refusal for refusal in self.held if refusal.author == author]

    def take_warnings(self, origin: Origin) -> tuple[str, ...]:
        """Return what an author has not been told yet in a Receipt, once."""
        author = (origin.kind, origin.id)
        told = tuple(refusal.message for refusal in self.of(author))
        self.held = deque((one for one in self.held if one.author != author), MAX_REFUSALS)
        return told


@lru_cache(maxsize=256)
def status_bytes(durability: str, pending: int, refused: tuple[Rejection, ...]) -> bytes:
    """Return a `status` as its reader gets it: thousands of readers are told the same."""
    told = [refusal.to_json() for refusal in refused]
    return codec.dumps({"durability": durability, "pending": pending, "refused": told})


def name_of(command: Command) -> str:
    """Return what a person calls the command: the tool's name."""
    if isinstance(command, Reapply):
        return codec.OP_NAMES[type(command.ops[0])] if command.ops else "change"
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", type(command).__name__).lower()
