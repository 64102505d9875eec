"""What one tab says of itself: as POST /presence brings it, and as one process passes it on to the others.

A page says only what changed, and two of its requests may overtake one another, on the way to two processes
all the more. So it numbers them: of each value the newest counts, and a request that is late is passed over
only as far as a newer one has said the same. What waits to be passed on is replaced by what says all of it
anew (`subject`), so nothing of it is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire import codec, viewers
from mapsrv.wire.drawn import MAX_ID, Problem, drawn
from mapsrv.wire.json_text import MAX_DEPTH
from mapsrv.wire.names import MAX_NAME, clean_name, clean_text

FORMAT = 1  # of what is passed on; another one is passed over
MAX_NUMBER = 2**53 - 1  # as far as a page counts exactly
MAX_PROBLEMS = 20  # more says no more; the first are usually the cause
MAX_MESSAGE = 500  # characters
MAX_PASSED_ON = 16 * 1024  # bytes of JSON: all but a list of long problems, which is cut at its end
TAB_LETTERS = 16  # of a tab's public id


@dataclass(frozen=True, slots=True)
class Said:
    """One request of a tab. `values` has what it says of visible, name, viewport, pointing, cursor and drawn.

    `problems` are those of a page that does not tell what it has drawn.
    """

    tab: str  # its public id
    number: int = 0  # of the tab's requests; 0: its page does not number them
    values: Mapping[str, Json] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    gone: bool = False

    @property
    def subject(self) -> str:
        """What it is about: a later one about the same says all that this one does."""
        more = [name for name, said in (("problems", self.problems), ("gone", self.gone)) if said]
        return " ".join([self.tab, *sorted(self.values), *more])


def public_id(viewer: str) -> str:
    """Return what others see of a tab's id: a hash, since the id itself lets one speak for it."""
    return hashlib.sha256(viewer.encode("utf-8", "replace")).hexdigest()[:TAB_LETTERS]


def read_said(tab: str, told: Mapping[str, Json]) -> Said:
    """Return what that tab says; raises InvalidArgument. What is unknown is passed over."""
    values = {name: read(told) for name, read in _READ.items() if name in told}
    return Said(tab, _number(told), values, _problems(told), _flag(told, "gone"))


_READ: Mapping[str, Callable[[Mapping[str, Json]], Json]] = {
    "visible": lambda told: _flag(told, "visible"),
    "name": lambda told: clean_name(text(told, "name", MAX_NAME)),
    "viewport": lambda told: viewers.viewport(told["viewport"]),
    "pointing": lambda told: viewers.pointing(told["pointing"]),
    "cursor": lambda told: viewers.cursor(told["cursor"]),
    "drawn": lambda told: drawn(told["drawn"]),
}


def text(told: Mapping[str, Json], name: str, longest: int) -> str:
    """Return a text of what is told, which may be left out; raises InvalidArgument."""
    value = told.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidArgument(f"{name}: expected a text of at most {longest} characters.")
    return value


def _flag(told: Mapping[str, Json], name: str) -> bool:
    value = told.get(name, False)
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name}: expected true or false.")
    return value


def _number(told: Mapping[str, Json]) -> int:
    value = told.get("n")
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
        raise InvalidArgument("n: expected the number of this request among the tab's, which grows.")
    return value


def _problems(told: Mapping[str, Json]) -> tuple[Problem, ...]:
    value = told.get("problems")
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_PROBLEMS:
        raise InvalidArgument(f"problems: expected a list of at most {MAX_PROBLEMS}.")
    return tuple(_problem(item) for item in value)


def _problem(item: Json) -> Problem:
    if not isinstance(item, dict) or not item.get("message"):
        raise InvalidArgument('problems: expected objects, such as {"position": "...", "message": "..."}.')
    message, layer_id = text(item, "message", MAX_MESSAGE), text(item, "layer_id", MAX_ID)
    shown = clean_text(message, MAX_MESSAGE) or "(no words)"
    return Problem(shown, layer_id or None, text(item, "position", MAX_ID) or None, older=True)


def _as_said(problem: Problem) -> dict[str, Json]:
    items = {"position": problem.since, "layer_id": problem.layer_id, "message": problem.text}
    return {key: value for key, value in items.items() if value is not None}


# --- from process to process ------------------------------------------------------------


def passed_on(pod: str, said: Said) -> bytes:
    """Return what a process tells the others of what a tab says, MAX_PASSED_ON bytes at most."""
    told: dict[str, Json] = {"pod": pod, "tab": said.tab, "format": FORMAT, "n": said.number, **said.values}
    if said.gone:
        told["gone"] = True
    room = MAX_PASSED_ON - len(codec.dumps(told)) - len(',"problems":[]')
    fitting: list[Json] = []
    for problem in said.problems:
        room -= len(codec.dumps(_as_said(problem))) + len(",")
        if room < 0:
            break
        fitting.append(_as_said(problem))
    body = codec.dumps(told | {"problems": fitting} if fitting else told)
    # Half of a surrogate pair has all of it written as escapes, which are longer than their parts were.
    return body if len(body) <= MAX_PASSED_ON else codec.dumps(told)


def read_passed_on(told: Mapping[str, Json]) -> Said:
    """Return what a tab says, checked as if it had said it here. Raises ValueError."""
    tab = told.get("tab")
    if told.get("format") != FORMAT or not isinstance(tab, str) or len(tab) != TAB_LETTERS:
        raise ValueError(f"not of a tab, in format {FORMAT}")
    try:
        if _is_deep(told):  # no tab can have said it: its own JSON was checked so
            raise ValueError("nests too deep")
        return read_said(tab, told)
    except (InvalidArgument, OverflowError, RecursionError) as error:  # what no page gets this far with
        raise ValueError("nothing that a tab says") from error


def _is_deep(value: Json) -> bool:
    """Return whether it nests deeper than JSON may, level by level: some interpreters would go far down."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        parts = (
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list))
        )
        level = [below for part in parts for below in part]
    return bool(level)
