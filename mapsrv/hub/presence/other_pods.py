"""The viewers that other processes tell of: bounded likewise, and forgotten in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mapsrv.core.state import Json
from mapsrv.wire import viewers as wire

MAX_PODS = 1_000  # processes whose viewers are remembered
OTHERS_SECONDS = 30.0  # without news of another process, its viewers are gone


@dataclass(frozen=True, slots=True)
class Other:
    """What another process last told of its viewers, encoded; `until` in monotonic seconds."""

    count: int
    here: tuple[bytes, ...]  # those with a stream
    away: tuple[bytes, ...]
    until: float
    asks: str | None = None  # the tab that may be asked


class OtherPods:
    """The other processes that have told of viewers of one map."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._pods: dict[str, Other] = {}
        self.count = 0  # of their viewers
        self._clock = clock

    @property
    def here(self) -> list[bytes]:
        """The elements of those with a stream."""
        return [element for other in self._pods.values() for element in other.here]

    @property
    def away(self) -> list[bytes]:
        """The elements of those without one."""
        return [element for other in self._pods.values() for element in other.away]

    @property
    def asks(self) -> list[str]:
        """The tabs that may be asked, one of each process."""
        return [other.asks for other in self._pods.values() if other.asks is not None]

    def told(self, pod: str, count: int, viewers: list[Json], here: int, asks: str | None = None) -> None:
        """Note the viewers of a process, the first `here` with a stream; a count of 0 forgets it."""
        self._forget(pod)
        if count <= 0:
            return
        while len(self._pods) >= MAX_PODS:
            self._forget(next(iter(self._pods)))
        shown, until = viewers[: wire.MAX_SHOWN], self._clock() + OTHERS_SECONDS
        self.count += count
        self._pods[pod] = Other(count, _read(shown[:here]), _read(shown[here:]), until, asks)

    def forget(self) -> bool:
        """Forget the processes that have said nothing for OTHERS_SECONDS; return whether there were any."""
        now = self._clock()
        silent = [pod for pod, other in self._pods.items() if other.until < now]
        for pod in silent:
            self._forget(pod)
        return bool(silent)

    def _forget(self, pod: str) -> None:
        if (other := self._pods.pop(pod, None)) is not None:
            self.count -= other.count


def _read(viewers: list[Json]) -> tuple[bytes, ...]:
    return tuple(element for value in viewers if (element := wire.element_again(value)) is not None)
