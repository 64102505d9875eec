"""A legacy client before a modern child: pure conversions, up to the child and down again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mapsrv.bridge import json_rpc
from mapsrv.bridge.revisions.vocabulary import (
    CACHEABLE,
    CAPABILITIES,
    CLIENT,
    FLAGS,
    LATEST_LEGACY,
    LATEST_MODERN,
    LEGACY,
    LEVEL,
    SERVER,
    SUBSCRIPTION,
    VERSION,
    Object,
    member,
    plain,
    without,
)


@dataclass(frozen=True, slots=True)
class Client:
    """What a legacy client said once, and each request to a modern child says."""

    info: Any
    capabilities: Object
    version: Any
    level: Any = None

    @classmethod
    def of(cls, initialize: Object) -> Client:
        """Return who sent an initialize with these params."""
        able = without(member(initialize, "capabilities"), "tasks")
        return cls(plain(initialize.get("clientInfo")), able, plain(initialize.get("protocolVersion")))

    def params_up(self, params: Object) -> Object:
        """Return a request's params as a modern child takes them."""
        said = {CLIENT: self.info, LEVEL: self.level}
        told = {VERSION: LATEST_MODERN, CAPABILITIES: self.capabilities}
        known = {key: value for key, value in said.items() if value is not None}
        return {**params, "_meta": {**member(params, "_meta"), **known, **told}}


def initialized(found: Object, version: Any) -> Object:
    """Return what initialize is answered with, from what server/discover was."""
    info = member(found, "_meta").get(SERVER)
    told: Object = {
        "protocolVersion": version if version in LEGACY else LATEST_LEGACY,
        "capabilities": without(member(found, "capabilities"), "extensions"),
        "serverInfo": info if isinstance(info, dict) else {"name": "unnamed", "version": "0"},
    }
    return {**told, **{key: found[key] for key in ("instructions",) if key in found}}


def result_down(method: str, result: Object) -> Object:
    """Return a complete result as a legacy client takes it."""
    bare = without(result, "resultType", *(("ttlMs", "cacheScope") if method in CACHEABLE else ()))
    if "_meta" not in bare:
        return bare
    meta = without(member(bare, "_meta"), SERVER)
    return {**without(bare, "_meta"), **({"_meta": meta} if meta else {})}


def changes(found: Object) -> Object:
    """Return the flags of all lists that a child with this server/discover tells of."""
    able = member(found, "capabilities")
    return {flag: True for flag, (_method, what) in FLAGS.items() if member(able, what).get("listChanged")}


def event_down(params: Object) -> Object:
    """Return a listen stream's event as a legacy client knows it."""
    meta = without(member(params, "_meta"), SUBSCRIPTION)
    return {**without(params, "_meta"), **({"_meta": meta} if meta else {})}


def question_down(question: Object, id_: str) -> json_rpc.Message:
    """Return a question of an input_required result, read wholly, as the request that it was before."""
    params = member(question, "params")
    if question.get("method") == "elicitation/create" and params.get("mode") == "url":
        params = {"elicitationId": id_, **params}
    return json_rpc.request(id_, str(question.get("method")), params)
