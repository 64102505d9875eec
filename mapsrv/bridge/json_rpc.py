"""JSON-RPC 2.0 envelopes: who asks what under which id. What is inside passes as the bytes it came in.

A message is one line of UTF-8: MCP over stdio ends messages by a newline, and so do SSE's data fields.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from mapsrv.errors import BadRequest, MalformedJson, MapsrvError

Id: TypeAlias = int | str

INVALID_REQUEST, METHOD_NOT_FOUND = -32600, -32601  # JSON-RPC 2.0 section 5.1
INVALID_PARAMS, INTERNAL_ERROR = -32602, -32603

MOST_MEMBERS = 1000  # of params that are judged: MCP's have a dozen, and each costs a microsecond

_ADVICE = ': send {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}.'


class Message(msgspec.Struct):
    """A request (method and id), a notification (method alone), or an answer (id with result or error)."""

    jsonrpc: Literal["2.0"]
    id: int | str | float | None | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET

    @property
    def is_request(self) -> bool:
        """Whether an answer is owed."""
        return self.method is not UNSET and self.id is not UNSET

    @property
    def is_answer(self) -> bool:
        """Whether it answers a request."""
        return self.method is UNSET


_read = msgspec.json.Decoder(Message).decode
_write = msgspec.json.Encoder().encode


def parse(body: bytes) -> Message:
    """Return the message; raises MalformedJson or BadRequest."""
    try:
        body.decode()
        message = _read(body)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Not one JSON-RPC 2.0 message ({error}){_ADVICE} No batches.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(f"Not JSON in UTF-8 ({error}){_ADVICE}") from None
    answer = (message.result is UNSET) != (message.error is UNSET) and message.id is not UNSET
    asks = message.result is UNSET and message.error is UNSET
    if not (answer if message.is_answer else asks and message.id is not None):
        raise BadRequest(f"Neither a request, a notification nor an answer{_ADVICE}")
    return message


def why(error: MapsrvError) -> str:
    """Return what was wrong with what parse() refused, without advice to who sent it."""
    return error.message.partition(_ADVICE)[0]


def line(message: Message) -> bytes:
    """Return the message as one line, without its end."""
    body = _write(message)
    # A line's end may stand between two tokens of what came; inside of strings it is always escaped.
    return body.translate(_ONE_LINE) if b"\n" in body or b"\r" in body else body


_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def members(params: Raw | UnsetType) -> dict[str, Any]:
    """Return params as what they are: an object's members, or nothing."""
    found = value(params)
    return found if isinstance(found, dict) else {}


def value(inside: Raw | UnsetType) -> Any:
    """Return what stands inside of a message; None where a number is out of range, or it nests too deep."""
    try:
        return None if inside is UNSET else msgspec.json.decode(inside)
    except (msgspec.ValidationError, RecursionError):
        return None


class _Key:
    """A member's name, unequal to all others: so a dictionary keeps those that are there twice."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Keys:
    """Makes them, so many and no more."""

    def __init__(self) -> None:
        self.left = MOST_MEMBERS

    def __call__(self, kind: type[_Key], text: str) -> _Key:
        self.left -= 1
        if self.left < 0:
            raise BadRequest(f"params may have {MOST_MEMBERS} members.")
        return kind(text)


_keys = _Keys()
_pairs = msgspec.json.Decoder(dict[_Key, Raw], dec_hook=_keys).decode

Pairs: TypeAlias = list[tuple[str, Raw]]


def pairs(inside: Raw | UnsetType) -> Pairs:
    """Return an object's outermost members as they stand, one that is there twice too; of what is none, none.

    Raises BadRequest where there are too many, or they nest too deep.
    """
    if inside is UNSET:
        return []
    _keys.left = MOST_MEMBERS
    try:
        return [(key.text, one) for key, one in _pairs(inside).items()]
    except msgspec.ValidationError:
        return []
    except RecursionError:
        raise BadRequest("params nest too deep.") from None


def raw(value: Any) -> Raw:
    """Return a value as the inside of a message."""
    return value if isinstance(value, Raw) else Raw(_write(value))


def _params(value: Any) -> Raw | UnsetType:
    return UNSET if value is None or value is UNSET else raw(value)


def request(id_: Id, method: str, params: Any = None) -> Message:
    """Return a request."""
    return Message("2.0", id=id_, method=method, params=_params(params))


def notification(method: str, params: Any = None) -> Message:
    """Return a notification."""
    return Message("2.0", method=method, params=_params(params))


def answer(id_: Any, result: Any) -> Message:
    """Return what answers a request."""
    return Message("2.0", id=id_, result=raw(result))


def failure(id_: Any, code: int, message: str, data: Any = None) -> Message:
    """Return an answer that says what went wrong."""
    told = {"code": code, "message": message}
    return Message("2.0", id=id_, error=raw(told if data is None else {**told, "data": data}))


def failed(id_: Any, error: MapsrvError) -> Message:
    """Return an answer of the bridge's own, where a call could not be made."""
    return failure(id_, INTERNAL_ERROR, error.message, {"code": error.code, "temporary": error.temporary})


def key(value: Any) -> Any:
    """Return what may be looked up: an id, and not a list that somebody sent for one."""
    return value if isinstance(value, (int, str, float)) else None
