"""Every error that mapsrv may refuse with, for the tests of the tree and of its documentation."""

from __future__ import annotations

from mapsrv.errors import MapsrvError


def tree() -> list[type[MapsrvError]]:
    """Return every class that has a code of its own."""
    found, queue = [], [MapsrvError]
    while queue:
        error = queue.pop()
        if "code" in vars(error):
            found.append(error)
        queue.extend(error.__subclasses__())
    return sorted(found, key=lambda error: error.code)
