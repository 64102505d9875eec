"""What a page has drawn: up to which position, what still loads, and what failed, by layer and cause.

It is one value, told whole, so that what a page no longer says is no longer so. It is a member of its own
beside `problems` (one failure an item, of older pages and of outsiders): a pod of an earlier release passes
over a member that it does not know, but refuses a problem without a `message`.

All of it comes from browsers, and models read it: texts are cleaned as names are, and cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.names import clean_text
from mapsrv.wire.source_layers import read_tiles
from mapsrv.wire.viewers import viewport

MAX_LINES = 20  # more says no more; the first are usually the cause
MAX_TEXT = 300  # characters of what failed, and of what helps
MAX_LAYERS_TOLD = 10  # that are loading
MAX_ID = 256  # characters of a layer id or a position
MAX_ANSWERS = 16  # tokens of asks that the value answers: the newest
MAX_TOKEN = 32  # characters of one
MAX_COUNT = 1_000_000  # times that something failed
MAX_DRAWN = 8 * 1024  # characters of JSON, all escaped: with it, what a tab says is still passed on whole

_EXAMPLE = '{"applied": "...", "problems": [{"layer_id": "roads", "text": "...", "count": 1}]}'


@dataclass(frozen=True, slots=True)
class Problem:
    """One cause of what pages could not draw; `since` is the position where it was first seen.

    `older`: said in the form of the first release, whose readers look for its fields.
    """

    text: str
    layer_id: str | None = None
    since: str | None = None
    fix: str = ""
    count: int = 1
    older: bool = False

    def to_json(self) -> dict[str, Json]:
        """Return it as tools print it, and pages tell it."""
        items: dict[str, Json] = {"layer_id": self.layer_id, "text": self.text, "fix": self.fix or None}
        items |= {"count": self.count, "since": self.since}
        if self.older:
            items |= {"message": self.text, "position": self.since}
        return {key: value for key, value in items.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a page said last of what it draws. `answers` are the asks that it takes into account.

    `view` is the viewport of a picture that it gave last, `read` what there was in tiles that it read last.
    """

    applied: str = ""
    loading: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    answers: tuple[str, ...] = ()
    view: Json = None
    read: Json = None


def drawn(value: Json) -> Json:
    """Return it without what is unknown, bounded. Raises InvalidArgument."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidArgument(f"drawn: expected an object, such as {_EXAMPLE}.")
    kept: dict[str, Json] = {"applied": _text(value, "applied", MAX_ID)}
    kept["loading"] = _texts(value, "loading", MAX_ID)[:MAX_LAYERS_TOLD]
    kept["answers"] = _texts(value, "answers", MAX_TOKEN)[-MAX_ANSWERS:]
    if value.get("view") is not None:
        kept["view"] = viewport(value["view"])
    lines: list[Json] = [_line(item).to_json() for item in _list(value, "problems")[:MAX_LINES]]
    loading: list[Json] = kept["loading"]
    if value.get("read") is not None:
        kept["read"] = read_tiles(value["read"])
    while len(json.dumps(kept | {"problems": lines})) > MAX_DRAWN:
        (lines or loading).pop()
    return kept | {"problems": lines}


def read_drawn(value: Json) -> Drawn:
    """Return what drawn() has checked."""
    if not isinstance(value, dict):
        return Drawn()
    problems = tuple(Problem(**line) for line in value["problems"])
    loading, answers = tuple(value["loading"]), tuple(value["answers"])
    return Drawn(value["applied"], loading, problems, answers, value.get("view"), value.get("read"))


def _line(item: Json) -> Problem:
    if not isinstance(item, dict) or not (text := clean_text(_text(item, "text"), MAX_TEXT)):
        raise InvalidArgument(f"drawn: expected problems with a text, such as {_EXAMPLE}.")
    count = item.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= MAX_COUNT:
        raise InvalidArgument(f"drawn: expected a count from 1 to {MAX_COUNT}.")
    layer_id, since = _text(item, "layer_id", MAX_ID), _text(item, "since", MAX_ID)
    return Problem(text, layer_id or None, since or None, clean_text(_text(item, "fix"), MAX_TEXT), count)


def _text(told: Mapping[str, Json], name: str, longest: int | None = None) -> str:
    """Return a text, which may be left out; one without `longest` is cut later, and not refused."""
    value = told.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or (longest is not None and len(value) > longest):
        raise InvalidArgument(
            f"drawn: expected {name} to be a text of up to {longest or MAX_TEXT} characters."
        )
    return value


def _texts(told: Mapping[str, Json], name: str, longest: int) -> list[Json]:
    return [text for item in _list(told, name) if (text := _text({name: item}, name, longest))]


def _list(told: Mapping[str, Json], name: str) -> list[Json]:
    value = told.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidArgument(f"drawn: expected {name} to be a list.")
    return value
