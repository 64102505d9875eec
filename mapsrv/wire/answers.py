"""JSON of answers, as the store keeps them beside their keys."""

from __future__ import annotations

from mapsrv.core.prepared import Answer
from mapsrv.core.state import Json
from mapsrv.wire import codec


def to_bytes(answer: Answer) -> bytes:
    """Return an answer as the store keeps it."""
    told: dict[str, Json] = {"changed": answer.changed, "warnings": answer.warnings}
    return codec.dumps({**told, "facts": answer.facts} if answer.facts else told)


def from_bytes(body: bytes) -> Answer:
    """Read what to_bytes wrote; raises ValueError for anything else."""
    value = codec.loads(body)
    try:
        return Answer(tuple(value["changed"]), tuple(value["warnings"]), dict(value.get("facts", {})))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not an answer") from error
