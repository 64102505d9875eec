"""The tabs that have one map open, and those that are away: which of them count, and which are told first.

Their ids are those that others see (wire/said.py): the page's own stays in web.

A tab is open while it has a stream. One that closed its stream while hidden is away, and counts until it
says it is gone or AWAY_SECONDS have passed. Anyone may open tabs, so MAX_TABS of a person count, who is
one cookie. A tab without a cookie is a person of its own while it is open; all such that are away are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from mapsrv.core.log import ANONYMOUS
from mapsrv.core.state import Json

AWAY_SECONDS = 30 * 60.0
MAX_TABS = 20  # of a person that count: more than anyone looks at
MAX_AWAY = 20_000  # tabs, for cookies cost nothing; the oldest go first. Streams have bounds of their own.
NAMELESS = ("", ANONYMOUS)  # authors that no cookie tells apart
NOBODY = ""  # the person of all their tabs that are away


@dataclass(slots=True)
class Viewer:
    """One tab. viewport, pointing and cursor are as wire/viewers.py read them."""

    person: str  # whose MAX_TABS it is one of
    name: str = ""
    kind: str = "person"
    streams: int = 0
    away_since: float = 0.0  # monotonic seconds
    hidden: bool = False
    viewport: Json = None
    pointing: Json = None
    cursor: Json = None
    drawn: Json = None  # as wire/drawn.py read it; None: its page does not tell
    front: float | None = None  # when it was last in front, on this machine
    element: bytes | None = None  # as it is told, made once per change
    numbers: dict[str, int] = field(default_factory=dict)  # of the requests that it has its values by

    @property
    def told(self) -> dict[str, Json]:
        """What others are told beside its name; `author` is the id that its changes bear, if it has one."""
        author = None if self.person == NOBODY or " " in self.person else self.person
        places = {"viewport": self.viewport, "pointing": self.pointing, "cursor": self.cursor}
        return {"author": author, **places}


class Tabs:
    """The tabs of one session, by the id of each. Every call costs the same, however many there are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._open: dict[str, Viewer] = {}
        self._away: dict[str, Viewer] = {}  # the longest away first
        self._of: Counter[str] = Counter()  # how many a person has, of both
        self._count = 0
        self._clock = clock

    def __iter__(self) -> Iterator[Viewer]:
        """Yield all, those that are open first."""
        self._drop_old()
        return chain(self._open.values(), self._away.values())

    @property
    def count(self) -> int:
        """How many count."""
        self._drop_old()
        return self._count

    def counted(self) -> Iterator[tuple[str, Viewer]]:
        """Yield those that count with their ids, those that are open first."""
        self._drop_old()
        told: Counter[str] = Counter()
        for viewer_id, viewer in chain(self._open.items(), self._away.items()):
            told[viewer.person] += 1
            if told[viewer.person] <= MAX_TABS:
                yield viewer_id, viewer

    def get(self, viewer_id: str) -> Viewer | None:
        """Return a tab, if it is open or away."""
        return self._open.get(viewer_id) or self._away.get(viewer_id)

    def open(self, viewer_id: str, author: str) -> Viewer:
        """Return the tab that opens a stream: an open one, one that was away, or a new one."""
        viewer = self._open.get(viewer_id)
        if viewer is None:
            person = _alone(viewer_id) if author in NAMELESS else author
            viewer = self.pop(viewer_id) or Viewer(person)
            viewer.person = person
            self._add(self._open, viewer_id, viewer)
        viewer.streams, viewer.hidden = viewer.streams + 1, False
        return viewer

    def close(self, viewer_id: str, opened: Viewer | None = None) -> None:
        """Note that a stream of a tab has ended: it is away if it had said it was hidden, else gone.

        `opened` is what opened it. One that said it was gone may be there anew before its old line ends.
        """
        viewer = self._open.get(viewer_id)
        if viewer is None or (opened is not None and opened is not viewer):
            return
        viewer.streams -= 1
        if viewer.streams <= 0:
            self.pop(viewer_id)
            if viewer.hidden:
                self._go_away(viewer_id, viewer)

    def pop(self, viewer_id: str) -> Viewer | None:
        """Forget a tab and return it."""
        viewer = self._open.pop(viewer_id, None) or self._away.pop(viewer_id, None)
        if viewer is not None:
            self._count -= self._of[viewer.person] <= MAX_TABS
            self._of[viewer.person] -= 1
            if not self._of[viewer.person]:
                del self._of[viewer.person]
        return viewer

    def _add(self, to: dict[str, Viewer], viewer_id: str, viewer: Viewer) -> None:
        to[viewer_id] = viewer
        self._of[viewer.person] += 1
        self._count += self._of[viewer.person] <= MAX_TABS

    def _go_away(self, viewer_id: str, viewer: Viewer) -> None:
        viewer.away_since = self._clock()
        if viewer.person == _alone(viewer_id):
            viewer.person = NOBODY
        if self._of[viewer.person] < MAX_TABS:  # one that would not count need not be kept
            self._add(self._away, viewer_id, viewer)
        if len(self._away) > MAX_AWAY:
            self.pop(next(iter(self._away)))

    def _drop_old(self) -> None:
        limit = self._clock() - AWAY_SECONDS
        while self._away:
            oldest = next(iter(self._away))
            if self._away[oldest].away_since >= limit:
                break
            self.pop(oldest)


def _alone(viewer_id: str) -> str:
    return f"tab {viewer_id}"  # no author's id has a space
