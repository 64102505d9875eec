"""What a tab says arrives out of order, and at whatever process.

So it is numbered: each value keeps the number that it came by, and whatever is not newer is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mapsrv.core.state import Json
from mapsrv.hub.presence.tabs import Viewer
from mapsrv.wire.said import Said


def newer(viewer: Viewer, changes: Mapping[str, Json], number: int) -> Mapping[str, Json]:
    """Return those of the changes that are newer than what is known, and note their number."""
    if not number:  # an older page's: in the order in which it arrives
        return changes
    fresh = {name: value for name, value in changes.items() if number > viewer.numbers.get(name, 0)}
    viewer.numbers.update(dict.fromkeys(fresh, number))
    return fresh


def known(viewer_id: str, viewer: Viewer) -> Iterator[Said]:
    """Yield what a tab has said, by the numbers that it had; what had none would not end with the newest."""
    for number in sorted(set(viewer.numbers.values())):
        names = [name for name, at in viewer.numbers.items() if at == number]
        yield Said(viewer_id, number, {name: _value(viewer, name) for name in names})


def _value(viewer: Viewer, name: str) -> Json:
    value: Json = not viewer.hidden if name == "visible" else getattr(viewer, name)
    return value
