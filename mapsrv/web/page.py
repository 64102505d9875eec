"""The page's own files, read once: a name that is not in the table is not served, whatever it spells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mapsrv.errors import StartupError
from mapsrv.web.tiles import Tiles

FOLDER = Path(__file__).resolve().parents[1] / "page"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".geojson": "application/geo+json",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"  # names in assets/ have the hash of what they hold
ASK_FIRST = "no-cache"
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # best first; the build laid them beside the file


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent; `encoded` has it under each Content-Encoding that there is of it."""

    body: bytes
    type: str
    etag: str
    cache: str
    encoded: Mapping[str, bytes] = field(default_factory=dict)


class Page:
    """The files of the built page by their path, as in "assets/index.js"."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read the folder; raises StartupError when no page was built into it."""
        paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix in TYPES]
        self.tiles = Tiles(folder / "basemap")
        self.files = {path.relative_to(folder).as_posix(): _read(path, folder) for path in paths}
        if "index.html" not in self.files:
            raise StartupError(
                "The page is not built: in a source checkout run `pip install .`, or `npm ci` and"
                " `npm run build` in static/."
            )

    @property
    def index(self) -> File:
        """The page itself."""
        return self.files["index.html"]


def _read(path: Path, folder: Path) -> File:
    body = path.read_bytes()
    cache = FOR_EVER if path.parent == folder / "assets" else ASK_FIRST
    beside = {name: path.with_name(path.name + ending) for name, ending in ENCODINGS.items()}
    encoded = {name: other.read_bytes() for name, other in beside.items() if other.is_file()}
    return File(body, TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16], cache, encoded)
