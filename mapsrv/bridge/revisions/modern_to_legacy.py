"""A modern client before a legacy child: pure conversions, down to the child and up again.

The child was initialized by the bridge, for all who call it (handshake.py). It is told of sampling and
elicitation, which belong to a call; not of roots: those of one caller would become everybody's.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions.vocabulary import (
    CACHEABLE,
    DISCOVER,
    FLAGS,
    MODERN,
    OF_REQUESTS,
    QUESTIONS,
    SERVER,
    URIS,
    Object,
    member,
    outer,
    plain,
    without,
)

NOT_FOUND_BEFORE = -32002  # of a resource; the modern revision says invalid params

# The legacy revisions had these; from 2026-07-28 a server does not know them.
GONE = frozenset(
    {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "roots/list"}
)
LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


def params_down(params: Object) -> Object:
    """Return a request's params as a legacy child takes them."""
    meta = {key: value for key, value in member(params, "_meta").items() if key not in OF_REQUESTS}
    bare = without(params, "_meta", "inputResponses", "requestState")
    return {**bare, "_meta": meta} if meta else bare


def result_up(method: str, result: Object, server: Any) -> Object:
    """Return a result as a modern client takes it; nothing says how long it holds, so it is not kept."""
    kept = {"ttlMs": 0, "cacheScope": "private"} if method in CACHEABLE else {}
    meta = {**({SERVER: server} if server else {}), **member(result, "_meta")}
    return {**kept, **result, "resultType": "complete", **({"_meta": meta} if meta else {})}


def error_up(error: Object) -> Object:
    """Return an error as a modern client knows it."""
    return (
        {**error, "code": json_rpc.INVALID_PARAMS} if plain(error.get("code")) == NOT_FOUND_BEFORE else error
    )


def answer_up(message: Message, id_: Any, method: str, server: Any) -> Message:
    """Return a child's answer as that to a modern client's request."""
    if isinstance(message.error, Raw):
        return Message("2.0", id=id_, error=json_rpc.raw(error_up(outer(message.error))))
    return without_headers(json_rpc.answer(id_, result_up(method, outer(message.result), server)))


def without_headers(message: Message) -> Message:
    """Return an answer without schema annotations that have clients repeat arguments as HTTP headers.

    Those would have to be compared with the arguments of each call, and no child would ever see them.
    """
    if not isinstance(message.result, Raw) or b'"x-mcp-header"' not in bytes(message.result):
        return message
    bare = _bare(plain(message.result))
    return Message("2.0", id=message.id, result=json_rpc.raw(bare)) if bare is not None else message


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items() if key != "x-mcp-header"}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def discovered(initialized: Object) -> Object:
    """Return what server/discover is answered with, from what initialize was."""
    told: Object = {
        "supportedVersions": list(MODERN),
        "capabilities": without(member(initialized, "capabilities"), "tasks"),
    }
    if "instructions" in initialized:
        told["instructions"] = initialized["instructions"]
    return result_up(DISCOVER, told, plain(initialized.get("serverInfo")))


def honoured(wanted: Object, capabilities: Object) -> Object:
    """Return the part of a subscription that a child with these capabilities can give."""
    told: Object = {
        flag: True
        for flag, (_method, what) in FLAGS.items()
        if wanted.get(flag) is True and member(capabilities, what).get("listChanged")
    }
    uris = wanted.get(URIS)
    if isinstance(uris, list) and uris and member(capabilities, "resources").get("subscribe"):
        told[URIS] = list(dict.fromkeys(uri for uri in uris if isinstance(uri, str)))
    return told


def may_be_asked(method: str, params: Object, capabilities: Object) -> bool:
    """Return whether a client with these capabilities answers such a question."""
    capability = QUESTIONS.get(method)
    if capability is None or not isinstance(capabilities.get(capability), dict):
        return False
    able = capabilities[capability]
    if method == "elicitation/create":
        return "url" in able if plain(params.get("mode")) == "url" else "form" in able or not able
    return "tools" not in params or "tools" in able


def question_up(method: str, params: Object) -> Object:
    """Return what a legacy child asks as a modern client is asked it."""
    return {"method": method, "params": without(params, "elicitationId", "task")}


def is_loud(level: Any, least: Any) -> bool:
    """Return whether a log entry of one level is to be told to who asked for another and above."""
    return least in LEVELS and level in LEVELS and LEVELS.index(level) >= LEVELS.index(least)
