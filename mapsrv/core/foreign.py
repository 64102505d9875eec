"""What bytes are that are no JSON: their sender is told more than where a parser stopped.

The page says the same of files before it sends them (static/src/panel/foreign.ts); tests/vectors/foreign.json
holds both to each other.
"""

from __future__ import annotations

import re

HEAD = 1024  # bytes that are looked at

# The first that fits. Some are told apart by what comes after their first element, so the order counts.
_BY_START = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), what)
    for pattern, what in (
        (rb"PK\x03\x04", "a ZIP archive"),
        (rb"\x1f\x8b", "compressed by gzip"),
        (rb"SQLite format 3\0", "a database, as GeoPackages are"),
        (rb"\0\0\x27\x0a", "a shapefile"),
        (rb"PAR1", "a Parquet table"),
        (rb"PMTiles", "a PMTiles archive"),
        (rb"fgb\x03fgb", "FlatGeobuf"),
        (rb"II\*\0|MM\0\*", "a TIFF picture"),
        (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF", "a picture"),
        (rb"%PDF", "a PDF document"),
        (rb"\s*<(?:.*<)?gpx[\s>]", "a GPX track"),
        (rb"\s*<(?:.*<)?kml[\s>]", "KML"),
        (rb"\s*<(?:!doctype html|html)", "a web page"),
        (rb"\s*<", "XML"),
    )
)
_MARK = b"\xef\xbb\xbf"
_SEPARATORS = (b",", b";", b"\t")


def kind_of(body: bytes) -> str:
    """Return what bytes are that begin so; nothing where they may be JSON, or are nothing known."""
    head = body[:HEAD].removeprefix(_MARK)
    for start, what in _BY_START:
        if start.match(head):
            return what
    if head.lstrip()[:1] in (b"{", b"["):
        return ""
    return "a table (CSV)" if _is_table(head) else ""


def _is_table(head: bytes) -> bool:
    """Whether there are two lines with as many separators."""
    lines = [line for line in head.split(b"\n") if line.strip()][:2]
    return len(lines) == 2 and any(lines[0].count(one) == lines[1].count(one) > 0 for one in _SEPARATORS)
