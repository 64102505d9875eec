"""The words of both revisions, and objects of which only the outermost members are read.

"Legacy" is every revision with initialize, "modern" is 2026-07-28. What is inside of params and results
stays the bytes it came in, unless a conversion looks at it: an answer may have megabytes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from msgspec import Raw, UnsetType

from mapsrv.bridge import json_rpc
from mapsrv.bridge.multiplexer import notifications, request_ids

LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = ("2026-07-28",)
LATEST_LEGACY, LATEST_MODERN = LEGACY[-1], MODERN[-1]

_OURS = "io.modelcontextprotocol/"
VERSION, CLIENT, CAPABILITIES = _OURS + "protocolVersion", _OURS + "clientInfo", _OURS + "clientCapabilities"
LEVEL, SERVER = _OURS + "logLevel", _OURS + "serverInfo"
SUBSCRIPTION = notifications.SUBSCRIPTION
OF_REQUESTS = frozenset({VERSION, CLIENT, CAPABILITIES, LEVEL})  # what a modern request's _meta has alone

CANCELLED, PROGRESS, LOGGED = (f"notifications/{what}" for what in ("cancelled", "progress", "message"))
UPDATED = "notifications/resources/updated"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
LISTEN, DISCOVER = request_ids.LISTEN, "server/discover"

# What a subscriptions/listen may ask for, the notification it stands for, and the capability behind it.
FLAGS = {
    f"{what}ListChanged": (f"notifications/{what}/list_changed", what)
    for what in ("tools", "prompts", "resources")
}
URIS = "resourceSubscriptions"

# Results that say how long they may be kept.
CACHEABLE = frozenset(
    {"prompts/list", "resources/list", "resources/read", "resources/templates/list", "tools/list", DISCOVER}
)
# What a server may ask, and the capability of the client that allows it.
QUESTIONS = {
    "sampling/createMessage": "sampling",
    "elicitation/create": "elicitation",
    "roots/list": "roots",
}

Object: TypeAlias = dict[str, Any]  # its values may be Raw

_outer = msgspec.json.Decoder(dict[str, Raw]).decode


def outer(value: Raw | UnsetType) -> Object:
    """Return an object's members, unread; of what is no object, none."""
    if not isinstance(value, Raw):
        return {}
    try:
        return dict(_outer(value))
    except (msgspec.ValidationError, RecursionError):
        return {}


def plain(value: Any) -> Any:
    """Return a value that was left unread as what it is; None where it cannot be read."""
    return json_rpc.value(value) if isinstance(value, Raw) else value


def member(value: Object, name: str) -> Object:
    """Return a member that is an object, read wholly; of what is none, nothing."""
    found = plain(value.get(name))
    return found if isinstance(found, dict) else {}


def without(value: Object, *names: str) -> Object:
    """Return an object without some of its members."""
    return {name: one for name, one in value.items() if name not in names}
