"""A local caller's GeoJSON file, read for add_layer: a regular file of a known ending, within the limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mapsrv.errors import InvalidArgument

ENDINGS = (".geojson", ".json")


def read_file(name: str, limit: int) -> bytes:
    """Return the file's bytes, at most limit + 1 of them; blocks. Raises InvalidArgument."""
    path = Path(name).expanduser()
    if not path.is_absolute():
        raise InvalidArgument(f"{name[:200]!r} is no whole path; this server runs in another folder.")
    try:
        path = path.resolve()
        if path.suffix.lower() not in ENDINGS:
            ends = " or ".join(ENDINGS)
            raise InvalidArgument(f"Only files that end in {ends} are read; {path.name[:200]!r} does not.")
        # Not blocking: a pipe that nobody writes to would hold the thread for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise InvalidArgument(f"{path.name[:200]!r} is no regular file.")
            return file.read(limit + 1)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidArgument(f"The file {name[:200]!r} cannot be read: {why}.") from None


def not_geojson(name: str) -> str:
    """Return what is told of a file that holds other JSON."""
    return (
        f"The file {name[:200]!r} is JSON, but not GeoJSON: its type must be FeatureCollection, Feature or a"
        " geometry's. Name a file with GeoJSON (RFC 7946)."
    )


def way_out(name: str, base_url: str, session_id: str) -> str:
    """Return what to do about a file that this server will not read for its caller."""
    return (
        f"This server does not read {name[:200]!r} for you. Ask the person to drop it on the map, or run\n"
        f"curl -X POST -H 'Content-Type: application/geo+json' --data-binary @FILE"
        f" '{base_url}/data?session={session_id}'\n"
        'and pass the "data" of its answer (data/NAME) as source.'
    )
