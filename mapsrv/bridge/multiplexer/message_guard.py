"""What of a caller's message decides something here, before the child gets it: a tool, a resource, a call.

Parsers differ. Of two members of one name some take the first and some the last; some fold case, and
those written in C may end a name at a NUL. So where something is decided by a member there is but one
that any of them could take for it, or the message is refused: what is judged is what is passed on.
"""

from __future__ import annotations

from unicodedata import normalize

from msgspec import UNSET, Raw, UnsetType

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message, Pairs
from mapsrv.errors import BadRequest

SHOWN = 80  # characters of a method

# By method, what decides. All are requests, but for those that are notifications by their name.
DECIDES = {
    "tools/call": "name",
    "resources/subscribe": "uri",
    "resources/unsubscribe": "uri",
    "notifications/cancelled": "requestId",
}


def folded(name: str) -> str:
    """Return a name as the most lenient parser may compare it."""
    if "\0" in name:
        name = name.partition("\0")[0]
    return name.lower() if name.isascii() else normalize("NFKC", name).casefold()


def check_method(message: Message) -> None:
    """Raise BadRequest where a child may take for one of these what is treated as none of them."""
    said = str(message.method)
    method = folded(said)
    if method not in DECIDES:
        return
    if said != method:
        raise BadRequest(f"There is no method {said[:SHOWN]!r}: write {method}.")
    if message.is_request is method.startswith("notifications/"):
        raise BadRequest(f"{method} needs an id." if message.id is UNSET else f"{method} has no id.")


def check(message: Message, *names: str) -> None:
    """Raise BadRequest where parsers may differ on what decides, here or by one of these names."""
    check_method(message)
    said = json_rpc.pairs(message.params)
    for name in ("_meta", *names, *filter(None, [DECIDES.get(str(message.method))])):
        only(said, name)


def only(said: Pairs, name: str) -> Raw | UnsetType:
    """Return the value of a member, if there is one. Raises BadRequest where another may be taken for it."""
    wanted = name.lower()
    alike = [(key, value) for key, value in said if key == name or folded(key) == wanted]
    if not alike:
        return UNSET
    if len(alike) > 1 or alike[0][0] != name:
        raise BadRequest(f"Write {name} once, and nothing that differs from it by case alone.")
    return alike[0][1]


def text(said: Pairs, name: str) -> str:
    """Return the value of a member that must be there, a string. Raises BadRequest."""
    value = json_rpc.value(only(said, name))
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be there, once, and a string.")
    return value
