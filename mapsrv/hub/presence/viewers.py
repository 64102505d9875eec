"""Who has a map open, and what they look at: latest value per viewer, conflated at a tick, never stored.

A stream opens and closes a viewer; its page says the rest. Those with a stream are told first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import chain, islice

from mapsrv.core.state import Json
from mapsrv.hub.presence.other_pods import OtherPods
from mapsrv.hub.presence.tabs import Tabs, Viewer
from mapsrv.wire import viewers as wire


def public_id(viewer_id: str) -> str:
    """Return what others see of a tab's id: a hash, since the id itself lets one speak for it."""
    return hashlib.sha256(viewer_id.encode("utf-8", "replace")).hexdigest()[:16]


class Presence:
    """The viewers of one session. `changed` is called once when a tick is due."""

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._viewers = Tabs(clock)
        self._other_pods = OtherPods(clock)
        self._clock = clock
        self._changed = changed
        self.body = self._encode()

    @property
    def count(self) -> int:
        """How many viewers have the map open, or hidden in an away tab, on any process."""
        return self.count_here + self._other_pods.count

    @property
    def count_here(self) -> int:
        """How many of them this process has."""
        return self._viewers.count

    @property
    def people(self) -> list[Viewer]:
        """The viewers, as tools tell of them, those with a stream first; at most MAX_SHOWN."""
        return [viewer for _, viewer in islice(self._viewers.counted(), wire.MAX_SHOWN)]

    @property
    def front(self) -> float | None:
        """When a tab of this user's own browser last had it in front."""
        return max((viewer.front for viewer in self._viewers if viewer.front is not None), default=None)

    def opened(self, viewer_id: str, name: str, *, author: str = "") -> None:
        """Count a stream of that tab, which is the author's."""
        viewer = self._viewers.open(viewer_id, author)
        viewer.name, viewer.element = name or viewer.name, None
        self._changed()

    def closed(self, viewer_id: str) -> None:
        """Count a stream of that tab no more."""
        self._viewers.close(viewer_id)
        self._changed()

    def gone(self, viewer_id: str) -> None:
        """Forget a tab that says it is closed."""
        if self._viewers.pop(viewer_id) is not None:
            self._changed()

    def told(self, viewer_id: str, changes: dict[str, Json], *, own: bool = False) -> None:
        """Note what a tab says of itself: visible, name, viewport, pointing; unknown tabs are passed over.

        `own`: it proved that its browser is that of this server's own user.
        """
        viewer = self._viewers.get(viewer_id)
        if viewer is None:
            return
        if "visible" in changes:
            viewer.hidden = not changes["visible"]
        if own and changes.get("visible"):
            viewer.front = self._clock()
        for name in ("name", "viewport", "pointing"):
            if name in changes:
                setattr(viewer, name, changes[name])
        viewer.element = None
        self._changed()

    def others_told(self, pod: str, count: int, viewers: list[Json], here: int = wire.MAX_SHOWN) -> None:
        """Note the viewers of another process, `here` of them, the first, with a stream."""
        self._other_pods.told(pod, count, viewers, here)
        self._changed()

    def forget_others(self) -> None:
        """Forget the processes that have said nothing for a while."""
        if self._other_pods.forget():
            self._changed()

    def publish(self) -> bool:
        """Encode what is now; return whether that is news."""
        body = self._encode()
        if body == self.body:
            return False
        self.body = body
        return True

    def told_to_others(self, pod: str) -> bytes:
        """Return what this process tells the others."""
        here, away = self._elements()
        return wire.told(pod, self.count_here, here, away)

    def _encode(self) -> bytes:
        here, away = self._elements()
        elements = chain(here, self._other_pods.here, away, self._other_pods.away)
        return wire.presence({"count": self.count}, elements)

    def _elements(self) -> tuple[list[bytes], list[bytes]]:
        """Return the elements of the viewers here, with a stream and without, MAX_SHOWN at most."""
        here: list[bytes] = []
        away: list[bytes] = []
        for viewer_id, viewer in islice(self._viewers.counted(), wire.MAX_SHOWN):
            (here if viewer.streams > 0 else away).append(_element(viewer_id, viewer))
        return here, away


def _element(viewer_id: str, viewer: Viewer) -> bytes:
    if viewer.element is None:
        said = (viewer.name, viewer.kind, viewer.viewport, viewer.pointing)
        viewer.element = wire.element(public_id(viewer_id), *said)
    return viewer.element
