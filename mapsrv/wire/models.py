"""What a presence frame tells of models: who called lately, and what they ask or asked a moment ago.

Names, titles and reasons are what strangers wrote, or name what strangers wrote: cleaned and cut, here alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mapsrv.core.state import Json
from mapsrv.wire import codec, fields
from mapsrv.wire.names import MAX_NAME, clean_text

MAX_MODELS = 20  # in a frame, those that have been here longest
MAX_CALLS = 12  # in a frame, the newest
MAX_BODY = 6 * 1024  # bytes of JSON of both: viewers have the rest of the frame
MAX_ID = 40  # characters of a model's id, a call's, or a tool's name, as another process tells them
MAX_REASON = 200  # characters of a refusal's message: its first sentences
RUNNING, DONE, REFUSED = STATES = ("running", "done", "refused")


@dataclass(frozen=True, slots=True)
class Seen:
    """A model that called: which of those of its name, since when and when last, in seconds ago."""

    id: str
    name: str
    drawing: bool
    since: float
    last: float

    def to_json(self) -> dict[str, Json]:
        """Return it as one process tells the others."""
        ago = {"since": round(self.since, 1), "last": round(self.last, 1)}
        return {"id": self.id, "name": self.name, "drawing": self.drawing, **ago}


def call(
    id: str, model: str, name: str, tool: str, state: str, reads: bool, about: Mapping[str, str | None]
) -> dict[str, Json]:
    """Return a call as it is told. `about` has what there is of layer_id, title, near, reason, position."""
    told: dict[str, Json] = {"id": id, "model": model, "name": name, "tool": tool, "state": state}
    return told | {"reads": reads} | {key: _CUT[key](text) for key, text in about.items() if text}


def _id(text: str) -> str:
    return clean_text(text, fields.MAX_ID)


def _name(text: str) -> str:
    return clean_text(text, MAX_NAME)


def _reason(text: str) -> str:
    """Return the beginning of a message: for a model it goes on with examples, for a person it is enough."""
    line = clean_text(text.partition("\n")[0], 2 * MAX_REASON)
    if len(line) <= MAX_REASON:
        return line
    whole, dot, _ = line[:MAX_REASON].rpartition(". ")
    return whole + "." if dot else line[: MAX_REASON - 1] + "…"


_CUT: Mapping[str, Callable[[str], str]] = {
    "layer_id": _id,
    "title": _name,
    "near": _name,
    "reason": _reason,
    "position": _id,
}


def told(seen: Iterable[Seen], calls: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """Return `models` and `calls` of a frame; `calls` come newest first, and are told oldest first."""
    models = _numbered(sorted(seen, key=lambda one: (-one.since, one.id))[:MAX_MODELS])
    names = {one["id"]: one["name"] for one in models}
    room = MAX_BODY - sum(len(codec.dumps(one)) + 1 for one in models)
    kept: list[Json] = []
    for one in calls:
        named = {**one, "name": names.get(one["model"], one["name"])}
        room -= len(codec.dumps(named)) + 1
        if room < 0 or len(kept) == MAX_CALLS:
            break
        kept.append(named)
    return {"models": list(models), "calls": kept[::-1]}


def _numbered(seen: Iterable[Seen]) -> list[dict[str, Json]]:
    """Return models as pages show them: the second of a name is NAME 2."""
    of_name: Counter[str] = Counter()
    models: list[dict[str, Json]] = []
    for one in seen:
        of_name[one.name] += 1
        number = f" {of_name[one.name]}" if of_name[one.name] > 1 else ""
        models.append({"id": one.id, "name": one.name + number, "drawing": one.drawing})
    return models


# --- what another process told ------------------------------------------------------------


def read_models(value: Json) -> list[Seen]:
    """Return the models that another process tells of; what none of this release tells is left out."""
    return [seen for one in _dicts(value, MAX_MODELS) if (seen := _seen(one)) is not None]


def read_calls(value: Json) -> list[dict[str, Json]]:
    """Return its calls likewise, the newest first."""
    return [made for one in _dicts(value, MAX_CALLS) if (made := _call(one)) is not None]


def _dicts(value: Json, most: int) -> list[dict[str, Json]]:
    listed = value[:most] if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _seen(one: Mapping[str, Json]) -> Seen | None:
    match one:
        case {"id": str(id), "name": str(name), "since": int() | float(), "last": int() | float()}:
            ago = float(one["since"]), float(one["last"])
            if len(id) <= MAX_ID and all(0 <= seconds < 1e9 for seconds in ago):
                return Seen(id, _name(name), one.get("drawing") is True, *ago)
    return None


def _call(one: Mapping[str, Json]) -> dict[str, Json] | None:
    match one:
        case {"id": str(id), "model": str(model), "name": str(name), "tool": str(tool), "state": str(state)}:
            if state in STATES and max(len(id), len(model), len(tool)) <= MAX_ID:
                about = {key: text for key in _CUT if isinstance(text := one.get(key), str)}
                return call(id, model, _name(name), tool, state, one.get("reads") is True, about)
    return None
