"""What pages could not draw, told to models: by layer and cause, bounded, newest last.

A page that says what it has drawn says all of that anew each time, and counts while it has a stream. What
older pages and outsiders report is told until the layer is changed.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from mapsrv.core.decider import changed
from mapsrv.core.log import Position
from mapsrv.core.ops import Op
from mapsrv.core.session import Replay, Session
from mapsrv.wire.drawn import Drawn, Problem
from mapsrv.wire.said import MAX_PROBLEMS

__all__ = ["MAX_PROBLEMS", "Problem", "Problems"]

MAX_A_LAYER = 3  # causes of one layer: what follows from them fills pages
MAX_TELLERS = 200  # pages whose words are looked at: what hundreds cannot draw nobody can

_Key = tuple[str | None, str]


class Problems:
    """The newest different problems of one map. `here` says whether a tab still has its stream."""

    def __init__(self, here: Callable[[str], bool] = lambda tab: True) -> None:
        self._here = here
        self._reported: OrderedDict[_Key, Problem] = OrderedDict()
        self._of: OrderedDict[str, tuple[Problem, ...]] = OrderedDict()  # by tab

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._shown())

    def of(self, layers: Collection[str]) -> list[Problem]:
        """Return those of some layers."""
        return [problem for problem in self._shown() if problem.layer_id in layers]

    def report(self, problem: Problem) -> None:
        """Keep it; the same one of another page counts once."""
        key = (problem.layer_id, problem.text)
        self._reported[key] = problem
        self._reported.move_to_end(key)
        while len(self._reported) > MAX_PROBLEMS:
            self._reported.popitem(last=False)

    def told(self, tab: str, problems: tuple[Problem, ...]) -> None:
        """Note all that one page cannot draw now."""
        self._of.pop(tab, None)
        if problems:
            self._of[tab] = problems
        while len(self._of) > MAX_TELLERS:
            self._of.popitem(last=False)

    def forget(self, ops: Iterable[Op]) -> None:
        """Drop what was said of layers that these ops touch: it may be mended."""
        touched = set(changed(ops))
        if not touched:
            return
        for key in [key for key in self._reported if key[0] in touched]:
            del self._reported[key]
        for tab, problems in list(self._of.items()):
            self.told(tab, tuple(problem for problem in problems if problem.layer_id not in touched))

    def _shown(self) -> list[Problem]:
        """Return one of each cause, with the most times that any page says."""
        causes = dict(self._reported)
        for tab in [tab for tab in self._of if not self._here(tab)]:
            del self._of[tab]
        for problems in self._of.values():
            for problem in problems:
                known = causes.get((problem.layer_id, problem.text), problem)
                count = max(problem.count, known.count)
                causes[problem.layer_id, problem.text] = replace(problem, count=count)
        told: Counter[str | None] = Counter()
        shown: list[Problem] = []
        for problem in causes.values():
            told[problem.layer_id] += 1
            if problem.layer_id is None or told[problem.layer_id] <= MAX_A_LAYER:
                shown.append(problem)
        return shown[-MAX_PROBLEMS:]


def still_so(session: Session, drawn: Drawn) -> tuple[Problem, ...]:
    """Return the problems of layers that are as they were when the page saw them.

    What a page told may be overtaken by a command. It tells anew once it has that, too.
    """
    found = session.since(Position.parse(drawn.applied))
    if not isinstance(found, Replay):
        return ()  # of another history, or long ago: it will take a snapshot
    touched = changed(op for event in found.events for op in event.ops)
    return tuple(problem for problem in drawn.problems if problem.layer_id not in touched)
