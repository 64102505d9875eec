"""What others wrote (names, titles, ids, texts of pages) as it stands in a sentence: cleaned, cut, quoted."""

from __future__ import annotations

from datetime import datetime

from mapsrv.wire.json_text import printed
from mapsrv.wire.names import clean_text

MAX_QUOTED = 40  # characters: what a sentence calls something by, not the whole of it

_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"))  # seconds, the largest first


def cut(text: str, most: int = MAX_QUOTED) -> str:
    """Return the text on one line, without what cannot be seen, of at most so many characters."""
    clean = clean_text(text, most + 1)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def quoted(text: str, most: int = MAX_QUOTED) -> str:
    """Return the text cut, in quotes that nothing in it ends."""
    return printed(cut(text, most))


def ago(at: str, now: float) -> str:
    """Return how long before `now` (Unix seconds) an RFC 3339 time is; nothing for a text that is none."""
    try:
        seconds = max(0.0, now - datetime.fromisoformat(at).timestamp())
    except ValueError:
        return ""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "s"))
    count = int(seconds // size)
    return f"{count} {'day' if unit == 'days' and count == 1 else unit} ago"
