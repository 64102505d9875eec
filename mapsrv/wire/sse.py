"""Server-sent events as bytes (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re

_ENDS = re.compile(rb"\r\n|\r|\n")


def frame(event: str, data: bytes, *, id: str | None = None, retry: int | None = None) -> bytes:
    """Return the frame of one message. event and id are ours and hold no line end; data may."""
    lines = [b"event: " + event.encode()]
    if id is not None:
        lines.append(b"id: " + id.encode())
    if retry is not None:
        lines.append(b"retry: %d" % retry)
    parts = _ENDS.split(data) if b"\n" in data or b"\r" in data else [data]
    lines.extend(b"data: " + part for part in parts)
    return b"\n".join(lines) + b"\n\n"


def comment(text: str = "") -> bytes:
    """Return a line that readers skip; keeps proxies from closing the stream. text has no line end."""
    return b": " + text.encode() + b"\n\n" if text else b":\n\n"
