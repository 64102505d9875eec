"""Who has a map open, and what they look at: latest value per viewer, conflated at a tick, never stored.

A stream opens and closes a viewer; its page says the rest, to whatever process. Those with a stream are told
first. What can happen to a tab where processes share a map:

- Its page tells another process. That one does not know the tab, or knows it as away, and passes it on;
  who has its stream takes it. What comes before the stream is counted is lost, so a page says all of
  itself when its stream opens.
- What it says arrives out of order: numbered.py. A stream that opens begins the numbers anew, since the clock
  that they go by may have been set back; the page says all of itself behind it.
- It was away here and its stream opens elsewhere. The other process tells that it has it, and it is
  forgotten here, else it would count twice for half an hour.
- Its line broke, nobody has noticed here yet, and it has a stream elsewhere: two processes have it, and each
  takes what it is told for the whole. So whoever hears that the other has it too passes on what it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice

from mapsrv.core.state import Json
from mapsrv.hub.presence import numbered
from mapsrv.hub.presence.models import Models
from mapsrv.hub.presence.other_pods import OtherPods
from mapsrv.hub.presence.tabs import Tabs, Viewer
from mapsrv.wire import told as news
from mapsrv.wire import viewers as wire
from mapsrv.wire.drawn import Drawn, read_drawn
from mapsrv.wire.said import Said


class Presence:
    """The viewers of one session. `changed` is called once when a tick is due."""

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._viewers = Tabs(clock)
        self._other_pods = OtherPods(clock)
        self.models = Models(clock, changed)
        self._clock = clock
        self._changed = changed
        self._asks: str | None = None  # the tab that others were told they may ask
        self.body = _NOBODY

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

    def opened(self, viewer_id: str, name: str, *, author: str = "") -> Viewer:
        """Count a stream of that tab, which is the author's; return what it is counted by."""
        viewer = self._viewers.open(viewer_id, author)
        viewer.name, viewer.element = name or viewer.name, None
        viewer.numbers.clear()
        self._changed()
        return viewer

    def closed(self, viewer_id: str, opened: Viewer | None = None) -> None:
        """Count a stream of that tab no more, that which was `opened`."""
        self._viewers.close(viewer_id, opened)
        self._changed()

    def knows(self, viewer_id: str) -> bool:
        """Whether a tab is open or away here."""
        return self._viewers.get(viewer_id) is not None

    def has_stream_of(self, viewer_id: str) -> bool:
        """Whether a tab is open here."""
        viewer = self._viewers.get(viewer_id)
        return viewer is not None and viewer.streams > 0

    def drawn(self, viewer_id: str) -> Drawn:
        """Return what a tab said last of what it draws."""
        viewer = self._viewers.get(viewer_id)
        return read_drawn(None if viewer is None else viewer.drawn)

    def reporting(self) -> Iterator[tuple[str, Viewer]]:
        """Yield the tabs here that somebody looks at and that tell what they draw, with their ids."""
        for viewer_id, viewer in self._viewers.counted():
            if viewer.streams > 0 and not viewer.hidden and viewer.drawn is not None:
                yield viewer_id, viewer

    @property
    def reporting_elsewhere(self) -> list[str]:
        """Such tabs of other processes, one of each."""
        return self._other_pods.asks

    def gone(self, viewer_id: str, *, number: int = 0) -> None:
        """Forget a tab that says it is closed, unless it has said more since."""
        viewer = self._viewers.get(viewer_id)
        if viewer is not None and (not number or number >= max(viewer.numbers.values(), default=0)):
            self._viewers.pop(viewer_id)
            self._changed()

    def told(
        self, viewer_id: str, changes: Mapping[str, Json], *, number: int = 0, own: bool = False
    ) -> None:
        """Note what a tab says of itself, as Said has it; unknown tabs are passed over.

        `number` is that of wire/said.py. `own`: it proved that its browser is that of this server's own user.
        """
        viewer = self._viewers.get(viewer_id)
        if viewer is None:
            return
        changes = numbered.newer(viewer, changes, number)
        if "drawn" in changes and viewer.drawn is None:
            self._changed()  # it may be asked now
        if "visible" in changes:
            viewer.hidden = not changes["visible"]
        if own and changes.get("visible"):
            viewer.front = self._clock()
        for name in ("name", "viewport", "pointing", "cursor", "drawn"):
            if name in changes:
                setattr(viewer, name, changes[name])
        if changes.keys() - {"drawn"}:  # which others are not told
            viewer.element = None
            self._changed()

    def others_told(
        self,
        pod: str,
        count: int,
        viewers: list[Json],
        here: int = wire.MAX_SHOWN,
        asks: str | None = None,
    ) -> list[Said]:
        """Note the viewers of another process, `here` of them, the first, with a stream.

        Return what to pass on: what tabs have said here that have a stream both there and here.
        """
        self._other_pods.told(pod, count, viewers, here, asks)
        known: list[Said] = []
        for viewer_id in _ids(viewers[: min(here, wire.MAX_SHOWN)]):
            viewer = self._viewers.get(viewer_id)
            if viewer is None:
                continue
            if viewer.streams > 0:
                known += numbered.known(viewer_id, viewer)
            else:
                self._viewers.pop(viewer_id)
        self._changed()
        return known

    def forget_others(self) -> None:
        """Forget the processes that have said nothing for a while."""
        if self._other_pods.forget() | self.models.forget_others():
            self._changed()

    def publish(self) -> bool:
        """Encode what is now; return whether that is news."""
        body, asks = self._encode(), next((tab for tab, _ in self.reporting()), None)
        if body == self.body and asks == self._asks:
            return False
        self.body, self._asks = body if body != self.body else self.body, asks
        return True

    def told_to_others(self, pod: str) -> bytes:
        """Return what this process tells the others."""
        told = self.models.told_to_others()
        return news.told(pod, self.count_here, *self._elements(), self._asks, told)

    def _encode(self) -> bytes:
        here, away = self._elements()
        elements = chain(here, self._other_pods.here, away, self._other_pods.away)
        return wire.presence({"count": self.count} | self.models.told(), elements)

    def _elements(self) -> tuple[list[bytes], list[bytes]]:
        """Return the elements of the viewers here, with a stream and without, MAX_SHOWN at most."""
        here: list[bytes] = []
        away: list[bytes] = []
        for viewer_id, viewer in islice(self._viewers.counted(), wire.MAX_SHOWN):
            (here if viewer.streams > 0 else away).append(_element(viewer_id, viewer))
        return here, away


_NOBODY = wire.presence({"count": 0, "models": [], "calls": []}, ())  # as _encode() has it then


def _element(viewer_id: str, viewer: Viewer) -> bytes:
    if viewer.element is None:
        viewer.element = wire.element(viewer_id, viewer.name, viewer.kind, viewer.told)
    return viewer.element


def _ids(viewers: list[Json]) -> Iterator[str]:
    for viewer in viewers:
        if isinstance(viewer, dict) and isinstance(viewer.get("id"), str):
            yield str(viewer["id"])
