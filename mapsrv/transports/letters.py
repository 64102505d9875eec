"""What pods mail each other of MCP sessions, as bytes. No I/O.

A Request asks the pod that has a session to take a message in; an Outcome says what became of it. Both bear
a number of the pod that asked: it means the same however often it comes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from mapsrv.errors import (
    BadRequest,
    Draining,
    MalformedJson,
    MapsrvError,
    NotFound,
    StoreUnavailable,
    TooMany,
)

FORMAT = 1
MAX_TEXT = 500  # characters of what an outcome tells
_POD, _SESSION = re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9a-f]{32}")

_BY_CODE = {kind.code: kind for kind in (BadRequest, Draining, MalformedJson, NotFound, TooMany)}


@dataclass(frozen=True, slots=True)
class Request:
    """Message `number` of the pod `sender` for a session; `principal` is a hash of who posted it."""

    sender: str
    number: int
    session: str
    body: str
    principal: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of message `number`: taken in, or refused with an error."""

    number: int
    error: MapsrvError | None = None


Letter: TypeAlias = Request | Outcome


def to_bytes(letter: Letter) -> bytes:
    """Return a letter as it is mailed."""
    said: dict[str, Any]
    match letter:
        case Request(sender, number, session, body, principal):
            said = {"from": sender, "n": number, "session": session, "body": body, "principal": principal}
        case Outcome(number, None):
            said = {"n": number, "taken": True}
        case Outcome(number, error):
            assert error is not None
            told = {"code": error.code, "message": error.message[:MAX_TEXT], "retry": error.retry_after}
            said = {"n": number, "taken": False, "error": told}
    return json.dumps({"format": FORMAT, **said}, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> Letter:
    """Return what a letter says. Raises ValueError for what is none, or of a newer release."""
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise ValueError("a letter of a newer release")
        number = _whole(said["n"])
        if "taken" in said:
            return Outcome(number, None if said["taken"] is True else _error(said["error"]))
        fields = [_text(said[name]) for name in ("from", "session", "body", "principal")]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a letter") from error
    if not (_POD.fullmatch(fields[0]) and _SESSION.fullmatch(fields[1])):
        raise ValueError("not a letter")
    return Request(fields[0], number, *fields[1:])


def _error(said: Any) -> MapsrvError:
    kind = _BY_CODE.get(_text(said["code"]), StoreUnavailable)
    retry = said["retry"]
    return kind(_text(said["message"])[:MAX_TEXT], retry_after=None if retry is None else _whole(retry))


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError("not a number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
