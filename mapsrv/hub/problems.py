"""What pages could not draw, told to models until the layer is changed: bounded, newest last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from mapsrv.core.decider import changed
from mapsrv.core.ops import Op
from mapsrv.wire.said import MAX_PROBLEMS, Problem

__all__ = ["MAX_PROBLEMS", "Problem", "Problems"]


class Problems:
    """The newest different problems of one map."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str | None, str], Problem] = OrderedDict()

    def __iter__(self) -> Iterator[Problem]:
        return iter(tuple(self._held.values()))

    def report(self, problem: Problem) -> None:
        """Keep it; the same one of another page counts once."""
        key = (problem.layer_id, problem.message)
        self._held[key] = problem
        self._held.move_to_end(key)
        while len(self._held) > MAX_PROBLEMS:
            self._held.popitem(last=False)

    def forget(self, ops: Iterable[Op]) -> None:
        """Drop what was said of layers that these ops touch: it may be mended."""
        touched = set(changed(ops))
        for key in [key for key in self._held if key[0] in touched]:
            del self._held[key]
