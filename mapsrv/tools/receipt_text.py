"""A Receipt in words: the same that its fields say, each thing once, in few bytes.

Hosts show a model this text, its fields, or both, and every call pays for it. So a link stands in it once,
names are cut, and without warnings it has MAX_BYTES: lines of what people did give way, the oldest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.core.state import Json
from mapsrv.tools.words import cut, quoted
from mapsrv.wire.json_text import printed

MAX_BYTES = 600  # of a text without warnings, where the link is no longer than a link of ours
MAX_CHANGED = 5  # ids that it names; the field has all
MAX_PROBLEM = 400  # characters of a page's words on one problem
MAX_FACT = 160  # characters of a fact that has no words of its own

_FIELDS = frozenset(
    {"session_id", "title", "url", "position", "changed", "changed_left_out", "viewers", "warnings"}
    | {"durability", "people_did", "problems"}
)


def nobody(url: str) -> str:
    """Return what a model must know while nobody sees what it does."""
    return f"Nobody has this map open. Give the person this link: {url}"


def receipt_text(receipt: Mapping[str, Json], did: str) -> str:
    """Return the lines; `did` is what was done."""
    warned = [f"Warning: {text}" for text in receipt["warnings"] if text != NOTHING_CHANGED]
    warned += map(_problem, filter(_is_problem, receipt.get("problems", ())))
    people = list(receipt.get("people_did", ()))
    for left_out in range(len(people) + 1):
        lines = _lines(receipt, did, people[left_out:], left_out)
        if len("\n".join(lines).encode()) < MAX_BYTES:
            break
    return "\n".join([*lines[:-1], *warned, lines[-1]])


def _lines(receipt: Mapping[str, Json], did: str, people: list[str], left_out: int) -> list[str]:
    facts = [(name, fact) for name, fact in receipt.items() if name not in _FIELDS and fact]
    lines = [
        _first(receipt, did),
        *(_WORDS[name](fact) if name in _WORDS else _plain(name, fact) for name, fact in facts),
    ]
    if people:
        earlier = f"; {left_out} more in people_did" if left_out else ""
        lines.append(f"Since your last change: {'; '.join(people)}{earlier}.")
    lines.append(
        f"Position {receipt['position']}, viewers {receipt['viewers']}, durability {receipt['durability']}."
    )
    name = f"Map {quoted(receipt['title'])}, session_id {receipt['session_id']}"
    last = f": {receipt['url']}" if receipt["viewers"] else f". {nobody(receipt['url'])}"
    return [*lines, name + last]


def _first(receipt: Mapping[str, Json], did: str) -> str:
    if NOTHING_CHANGED in receipt["warnings"]:
        return NOTHING_CHANGED
    changed = receipt["changed"]
    if not changed:
        return did
    more = len(changed) - MAX_CHANGED + receipt.get("changed_left_out", 0)
    rest = f" and {more} more" if more > 0 else ""
    return f"{did} Changed: {', '.join(map(cut, changed[:MAX_CHANGED]))}{rest}."


def _replaced(fact: Json) -> str:
    count = fact.get("features")
    features = "" if count is None else ", 1 feature" if count == 1 else f", {count} features"
    by = f", added by {fact['by']['kind']} {quoted(fact['by']['name'])}" if "by" in fact else ""
    return f"It replaced {quoted(fact['title'])}{features}{by}."


def _updated(fact: Json) -> str:
    return f"Features: {', '.join(quoted(one, 24) if isinstance(one, str) else str(one) for one in fact)}."


def _matched(fact: Json) -> str:
    part = f" (a part of all {fact['sampled_from']})" if "sampled_from" in fact else ""
    return f"Matched {fact['total']} of {fact['of']} features{part}, {fact['in_view']} in view."


def _near(fact: Json) -> str:
    return f"The view is at {fact}."


def _shown(fact: Json) -> str:
    said = "A browser shows it." if fact["applied"] else "No browser has said that it shows it."
    waiting = fact["waiting"]
    if not waiting:
        return said
    more = f" and {len(waiting) - MAX_CHANGED} more" if len(waiting) > MAX_CHANGED else ""
    return f"{said} Still loading: {', '.join(map(cut, map(str, waiting[:MAX_CHANGED])))}{more}."


def _is_problem(fact: Json) -> bool:
    return isinstance(fact, dict)  # and no mark that more were cut


def _problem(fact: Json) -> str:
    """The words of pages stand in quotes, and are cut."""
    words = f"{fact['text']} {fact.get('fix', '')}".strip()
    return f"Problem with {cut(str(fact['layer_id']))}: {quoted(words, MAX_PROBLEM)}"


def _bounds(fact: Json) -> str:
    return f"Its data lies within {printed(fact)}."


def _plain(name: str, fact: Json) -> str:
    text = printed(fact)
    return f"{name}: {text if len(text) <= MAX_FACT else text[: MAX_FACT - 1] + '…'}"


_WORDS: Mapping[str, Callable[[Json], str]] = {
    "replaced": _replaced,
    "updated": _updated,
    "bounds": _bounds,
    "camera_near": _near,
    "matched": _matched,
    "shown": _shown,
}
