"""Results as models get them: structured and as text, since hosts show one or the other; under 16 KiB.

What is long is cut, and says so. Links, ids of maps and positions are never cut.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from mapsrv.asgi.error_body import error_fields
from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError
from mapsrv.tools.receipt_text import nobody, receipt_text
from mapsrv.wire import fast_json
from mapsrv.wire.fast_json import AskJson

MAX_RESULT = 16 * 1024 - 512  # bytes of a whole result, with room for what MCP puts around it
MAX_ERROR = 4_000  # characters of an error's message, which is written to be read whole
MAX_DEPTH = 12  # of JSON inside a result
WHOLE = frozenset({"session_id", "url", "position"})
MAX_ITEMS = 50  # of a list that are kept
ESCAPED = 3  # times as long as in UTF-8 is what escapes make of it at most: "é", of two bytes, is \u00e9

# List items and characters that are kept: the first that fits is taken.
_LADDER = ((MAX_ITEMS, 200), (30, 160), (20, 120), (10, 80), (5, 60), (2, 40))


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answers. `note` stands beside the text; `unseen` is the link of a map that nobody sees."""

    structured: dict[str, Json]
    text: str
    note: str = ""
    unseen: str | None = None
    is_error: bool = False
    picture: bytes | None = None  # a PNG


class Long(list[Json]):
    """The first MAX_ITEMS of a longer list of `total` items; the others need never be made."""

    def __init__(self, items: Iterable[Json], total: int) -> None:
        super().__init__(islice(items, MAX_ITEMS))
        self.total = total


def elsewhere(url: str) -> str:
    """Return what a model must know while others see what it does, but perhaps not its own user."""
    return (
        "This map is open, but in no browser that is known to be the person's. Calls without session_id find"
        f" it for certain once they have opened it by this link: {url}"
    )


def receipt_result(receipt: dict[str, Json], did: str, note: str = "") -> Result:
    """Return a Receipt (as JSON) told in a few lines; `did` is what was done."""
    unseen = None if receipt["viewers"] else receipt["url"]
    return replace(fitted(receipt, lambda value: receipt_text(value, did), note), unseen=unseen)


def query_result(value: dict[str, Json], unseen: str | None = None, note: str = "") -> Result:
    """Return what was asked for; its text is the same as JSON."""
    note = note if unseen is None else nobody(unseen)
    result = fitted(value, lambda cut: json.dumps(cut, ensure_ascii=False, separators=(",", ":")), note)
    return replace(result, unseen=unseen)


def places_result(value: dict[str, Json]) -> Result:
    """Return what find_places found; its text is the same as JSON."""
    return query_result({**value, "places": Long(value["places"], len(value["places"]))})


def error_result(error: MapsrvError) -> Result:
    """Return an error as a tool's result."""
    message = error.message if len(error.message) <= MAX_ERROR else error.message[: MAX_ERROR - 1] + "…"
    said: dict[str, Json] = {**error_fields(error), "message": message}
    said.update({name: getattr(error, name) for name in ("maps", "source_layers") if hasattr(error, name)})
    return Result({"error": said}, message, is_error=True)


def fitted(value: dict[str, Json], text_of: Callable[[dict[str, Json]], str], note: str = "") -> Result:
    """Return the result, cut only as far as it must be."""
    for items, characters in _LADDER:
        cut = _cut_object(value, items, characters, 0)
        result = Result(cut, text_of(cut), note)
        if _fits(result):
            return result
    kept = {key: item for key, item in cut.items() if not isinstance(item, (list, dict))}
    for key in sorted(cut.keys() - kept.keys(), key=lambda name: len(json.dumps(cut[name]))):
        if len(json.dumps(kept)) + len(json.dumps(cut[key])) < MAX_RESULT // 3:
            kept[key] = cut[key]
        else:
            kept |= {key: type(cut[key])(), f"{key}_left_out": "too large for a result"}
    return Result(kept, text_of(kept), note)


def _fits(result: Result) -> bool:
    """Return whether it is short enough even where all beyond ASCII is escaped."""
    content = [{"type": "text", "text": text} for text in (result.text, result.note)]
    whole = {"content": content, "structuredContent": result.structured}
    with suppress(AskJson):
        if len(fast_json.encode(whole)) <= MAX_RESULT // ESCAPED:
            return True
    return len(json.dumps(whole)) <= MAX_RESULT


def _cut(value: Json, items: int, characters: int, depth: int) -> Json:
    if isinstance(value, str):
        return _cut_text(value, characters)
    if isinstance(value, (list, dict)) and depth > MAX_DEPTH:
        return "… (nested deeper than is shown)"
    if isinstance(value, (list, tuple)):
        kept = [_cut(item, items, characters, depth + 1) for item in value[:items]]
        return kept if len(value) <= items else [*kept, f"… {len(value) - items} more"]
    if isinstance(value, dict):
        return _cut_object(value, items, characters, depth + 1)
    return value


def _cut_object(value: Mapping[str, Json], items: int, characters: int, depth: int) -> dict[str, Json]:
    """Return the object; a list in it that is cut has its count of left out items beside it."""
    cut: dict[str, Json] = {}
    most = len(value) if depth == 0 else items
    for key in list(value)[:most]:
        item, name = value[key], _cut_text(key, characters)
        if key in WHOLE:
            cut[name] = item
        elif isinstance(item, (list, tuple)) and (total := getattr(item, "total", len(item))) > items:
            cut[name] = _cut(item[:items], items, characters, depth + 1)
            cut[f"{name}_left_out"] = total - items
        else:
            cut[name] = _cut(item, items, characters, depth + 1)
    if len(value) > most:
        cut["…"] = f"{len(value) - most} more"
    return cut


def _cut_text(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    said = f"… (cut, {len(text):,} characters)"
    return text[: characters - len(said)] + said
