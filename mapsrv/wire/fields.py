"""Checks of single values that every call shares: ids, titles, links, numbers. Each says what to send."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeGuard
from urllib.parse import parse_qs, urlsplit

from mapsrv.core.state import RESERVED, Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument
from mapsrv.wire.json_text import shown

MAX_ID = 128  # characters
MAX_KEY = 128  # characters of an idempotency key
MAX_TITLE = 200  # characters: one line of a layer list
MAX_ATTRIBUTION = 1_000  # characters: a sentence with a link or two
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, surrogates, line and paragraph separators
# A page keeps layers by id, and MapLibre styles in plain objects: these names are there already.
_PROTOTYPE = frozenset("""
    __proto__ constructor prototype hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString
    valueOf __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__
    """.split())
_SESSION = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def new_id(value: Json, what: str) -> str:
    """Return the id that something new is to have."""
    text = any_id(value, what)
    if text.startswith(RESERVED) or text in _PROTOTYPE:
        raise InvalidArgument(f'{what} {shown(text)} is a reserved name. Choose another, like "my-layer".')
    return text


def any_id(value: Json, what: str) -> str:
    """Return the id of something that may be there."""
    if not isinstance(value, str):
        raise InvalidArgument(f'{what} must be a text like "lakes"; got {shown(value)}.')
    if not value.strip():
        raise InvalidArgument(f'{what} is empty. Send the id of a layer, like "lakes".')
    if len(value) > MAX_ID or not _is_line(value):
        raise InvalidArgument(
            f"{what} must have 1 to {MAX_ID} characters without control characters; got {shown(value)}."
        )
    return value


def title(value: Json) -> str:
    """Return a title, without spaces around it."""
    text = _line(value, "title", MAX_TITLE)
    if not text:
        raise InvalidArgument(
            'title is empty. Send a short text like "Lakes of Switzerland", or leave it out.'
        )
    return text


def attribution(value: Json) -> str:
    """Return an attribution; an empty one says that there is none."""
    return _line(value, "attribution", MAX_ATTRIBUTION)


def _line(value: Json, what: str, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{what} must be a text; got {shown(value)}.")
    text = value.strip()
    if len(text) > longest or not _is_line(text):
        raise InvalidArgument(
            f"{what} must be one line of at most {longest:,} characters; got {shown(text)}."
        )
    return text


def _is_line(text: str) -> bool:
    return text.isprintable() or all(unicodedata.category(letter) not in _UNSEEN for letter in text)


def session_id(value: Json) -> str | None:
    """Return the session id in an id or a whole map link; None when it is left empty."""
    text = value.strip() if isinstance(value, str) else ""
    if value is None or (isinstance(value, str) and not text):
        return None
    if "session=" in text and len(text) <= 2_000:
        text = _from_link(text)
    if not 1 <= len(text) <= MAX_ID or not _SESSION.issuperset(text):
        raise InvalidArgument(
            "session_id must be the session_id of an earlier result, or the whole link of the map, "
            f'like "http://localhost:8081/?session=..."; got {shown(value)}.'
        )
    return text


def _from_link(link: str) -> str:
    try:
        query = urlsplit(link).query or link.rpartition("?")[2]
        return parse_qs(query, max_num_fields=50).get("session", [""])[-1].strip()
    except ValueError:  # a broken address, or too many fields
        return ""


def is_key(value: Json) -> TypeGuard[str]:
    """Return whether a value can be an idempotency key: printable ASCII without spaces, like a UUID."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= MAX_KEY
        and all("!" <= letter <= "~" for letter in value)
    )


def number(value: Json, what: str, low: float, high: float) -> float:
    """Return a number in this range."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InvalidArgument(f"{what} must be a number from {low:g} to {high:g}; got {shown(value)}.")
    return float(value)


def known_keys(value: Mapping[str, Json], known: Iterable[str], where: str, example: str) -> None:
    """Raise InvalidArgument for a key that is not one of the known, naming the nearest."""
    names = tuple(known)
    for key in value:
        if key not in names:
            raise InvalidArgument(
                f"{where} has no key {shown(key)}.{nearest(key, names)} "
                f"It takes: {', '.join(names)}. Example: {example}"
            )
