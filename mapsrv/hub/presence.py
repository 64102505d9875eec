"""Who has a map open, and what they look at: latest value per viewer, conflated at a tick, never stored.

A stream opens and closes a viewer; its page says the rest. A tab that closed its stream while hidden
is away, and counts until it says it is gone or AWAY_SECONDS have passed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from mapsrv.core.state import Json
from mapsrv.wire import codec

AWAY_SECONDS = 30 * 60.0
MAX_SHOWN = 50  # viewers in a presence frame; `count` counts all
MAX_PODS = 1_000  # processes whose viewers are remembered
OTHERS_SECONDS = 30.0  # without news of another process, its viewers are gone
MAX_VIEWERS = 20_000  # more than a pod can stream to; the oldest away ones go first


@dataclass(slots=True)
class Viewer:
    """One tab. viewport and pointing are as the page sent them (checked by web/presence.py)."""

    name: str = ""
    kind: str = "person"
    streams: int = 0
    away_since: float | None = None  # monotonic seconds
    hidden: bool = False
    viewport: Json = None
    pointing: Json = None
    front: float | None = None  # when it was last in front, on this machine


def public_id(viewer_id: str) -> str:
    """Return what others see of a tab's id: a hash, since the id itself lets one speak for it."""
    return hashlib.sha256(viewer_id.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Others:
    """What another process last told of its viewers; `until` in monotonic seconds."""

    count: int
    viewers: list[Json]
    until: float


class Presence:
    """The viewers of one session. `changed` is called once when a tick is due."""

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._viewers: dict[str, Viewer] = {}
        self._others: dict[str, Others] = {}
        self._clock = clock
        self._changed = changed
        self.body = self._encode()

    @property
    def count(self) -> int:
        """How many viewers have the map open, or hidden in an away tab, on any process."""
        return self.count_here + sum(others.count for others in self._others.values())

    @property
    def count_here(self) -> int:
        """How many of them this process has."""
        self._drop_old()
        return len(self._viewers)

    @property
    def people(self) -> list[Viewer]:
        """The viewers, as tools tell of them; at most MAX_SHOWN."""
        self._drop_old()
        return list(self._viewers.values())[:MAX_SHOWN]

    @property
    def front(self) -> float | None:
        """When one of its viewers on this machine last had it in front."""
        self._drop_old()
        return max(
            (viewer.front for viewer in self._viewers.values() if viewer.front is not None), default=None
        )

    def opened(self, viewer_id: str, name: str, *, local: bool) -> None:
        """Count a stream of that tab."""
        viewer = self._viewer(viewer_id)
        viewer.streams += 1
        viewer.away_since, viewer.hidden = None, False
        viewer.name = name or viewer.name
        if local:
            viewer.front = self._clock()
        self._changed()

    def closed(self, viewer_id: str) -> None:
        """Count a stream of that tab no more: it is away if it had said it was hidden, else gone."""
        viewer = self._viewers.get(viewer_id)
        if viewer is None:
            return
        viewer.streams -= 1
        if viewer.streams <= 0:
            viewer.away_since = self._clock()
            if not viewer.hidden:
                del self._viewers[viewer_id]
        self._changed()

    def gone(self, viewer_id: str) -> None:
        """Forget a tab that says it is closed."""
        if self._viewers.pop(viewer_id, None) is not None:
            self._changed()

    def told(self, viewer_id: str, changes: dict[str, Json], *, local: bool) -> None:
        """Note what a tab says of itself: visible, name, viewport, pointing; unknown tabs are passed over."""
        viewer = self._viewers.get(viewer_id)
        if viewer is None:
            return
        if "visible" in changes:
            viewer.hidden = not changes["visible"]
        if local and changes.get("visible"):
            viewer.front = self._clock()
        for name in ("name", "viewport", "pointing"):
            if name in changes:
                setattr(viewer, name, changes[name])
        self._changed()

    def others_told(self, pod: str, count: int, viewers: list[Json]) -> None:
        """Note the viewers of another process; a count of 0 forgets it."""
        self._others.pop(pod, None)
        if count > 0:
            while len(self._others) >= MAX_PODS:
                del self._others[next(iter(self._others))]
            self._others[pod] = Others(count, viewers[:MAX_SHOWN], self._clock() + OTHERS_SECONDS)
        self._changed()

    def forget_others(self) -> None:
        """Forget the processes that have said nothing for OTHERS_SECONDS."""
        now = self._clock()
        silent = [pod for pod, others in self._others.items() if others.until < now]
        for pod in silent:
            del self._others[pod]
        if silent:
            self._changed()

    def publish(self) -> bool:
        """Encode what is now; return whether that is news."""
        self._drop_old()
        body = self._encode()
        if body == self.body:
            return False
        self.body = body
        return True

    def _viewer(self, viewer_id: str) -> Viewer:
        if viewer_id not in self._viewers and len(self._viewers) >= MAX_VIEWERS:
            del self._viewers[next(iter(self._viewers))]
        return self._viewers.setdefault(viewer_id, Viewer())

    def _drop_old(self) -> None:
        limit = self._clock() - AWAY_SECONDS
        old = [
            key
            for key, viewer in self._viewers.items()
            if viewer.streams <= 0 and viewer.away_since is not None and viewer.away_since < limit
        ]
        for key in old:
            del self._viewers[key]

    def shown_here(self) -> list[Json]:
        """Return the elements of this process's viewers, at most MAX_SHOWN."""
        return [viewer_json(key, viewer) for key, viewer in islice(self._viewers.items(), MAX_SHOWN)]

    def _encode(self) -> bytes:
        elsewhere = (viewer for others in self._others.values() for viewer in others.viewers)
        shown = [*self.shown_here(), *elsewhere][:MAX_SHOWN]
        return codec.dumps({"count": self.count, "viewers": shown})


def viewer_json(viewer_id: str, viewer: Viewer) -> dict[str, Json]:
    """Return a presence element."""
    value: dict[str, Json] = {"id": public_id(viewer_id), "name": viewer.name, "kind": viewer.kind}
    told = {"viewport": viewer.viewport, "pointing": viewer.pointing}
    value.update({key: item for key, item in told.items() if item is not None})
    return value
