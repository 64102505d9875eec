"""What one page is asked by name: whether it has applied a position, and what came of some layers' data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mapsrv.core.state import Json
from mapsrv.wire import codec, sse
from mapsrv.wire.drawn import MAX_ID, MAX_TOKEN
from mapsrv.wire.names import clean_name

MAX_WAITED = 20  # layers whose data one ask waits for: a call that changes more is judged by the first
MAX_READ = 8 * 1024  # bytes of JSON: a source whose tiles are to be read
MAX_MS = 60_000  # that a page may be asked to wait


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `token` stands in the answer; `wait` are layers; `ms` is how long the page may take.

    `picture`: it is asked for one, which it posts under the token; it is the name of who looks.
    `read`: it is asked what there is in the vector tiles of that source.
    """

    token: str
    position: str
    wait: tuple[str, ...] = ()
    ms: int = 0
    picture: str = ""
    read: Mapping[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """Return it as pages and processes read it."""
        told: dict[str, Json] = {"ask": self.token, "position": self.position}
        told |= {"wait": list(self.wait), "ms": self.ms}
        if self.read is not None:
            told["read"] = dict(self.read)
        return told | {"picture": self.picture} if self.picture else told

    def frame(self) -> bytes:
        """Return the SSE frame."""
        return sse.frame("ask", codec.dumps(self.to_json()))


def read_ask(told: Mapping[str, Json]) -> Ask:
    """Return what another process asks one of our pages. Raises ValueError."""
    match told:
        case {"ask": str(token), "position": str(position), "wait": list(wait), "ms": int(ms)}:
            texts = [token, position, *wait]
            fits = all(isinstance(text, str) and len(text) <= MAX_ID for text in texts)
            if fits and 0 < len(token) <= MAX_TOKEN and len(wait) <= MAX_WAITED and 0 <= ms <= MAX_MS:
                by, read = told.get("picture"), told.get("read")
                name = clean_name(by) if isinstance(by, str) else ""
                source = read if isinstance(read, dict) and len(codec.dumps(read)) <= MAX_READ else None
                return Ask(token, position, tuple(wait), ms, name, source)
    raise ValueError("not an ask")
