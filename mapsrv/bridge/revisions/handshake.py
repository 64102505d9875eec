"""How the bridge itself opens a child, and finds out which revision it speaks.

A child that speaks both keeps to the era of the first request that it gets. So for callers of 2026-07-28
server/discover goes first (`negotiate`), and for legacy clients their own initialize (`initialize`; in a
session with its own child it is passed on: legacy_client.py).
"""

from __future__ import annotations

import trio
from msgspec import UNSET

from mapsrv import __version__
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.bridge_requests import BridgeRequests, open_requests
from mapsrv.bridge.multiplexer.client_port import Join
from mapsrv.bridge.revisions.legacy_to_modern import Client
from mapsrv.bridge.revisions.vocabulary import DISCOVER, LATEST_LEGACY, MODERN, Object, outer, plain

PROBE_SECONDS = 5.0  # some legacy servers never answer what they do not know

INFO = {"name": "mapsrv-bridge", "version": __version__}


def initialize_params() -> Object:
    """Return what the bridge initializes a child with for callers who say who they are at each call."""
    able: Object = {"sampling": {}, "elicitation": {"form": {}, "url": {}}}
    return {"protocolVersion": LATEST_LEGACY, "capabilities": able, "clientInfo": INFO}


def discover_params() -> Object:
    """Return the params of the bridge's own server/discover."""
    return Client.of({"clientInfo": INFO}).params_up({})


async def initialize(requests: BridgeRequests, params: object) -> Message:
    """Open a child as a legacy one; returns what initialize was answered with. Raises ChildEnded."""
    told = await requests.ask("initialize", params)
    if told.error is UNSET:
        await requests.notify("notifications/initialized")
    return told


async def negotiate(join: Join) -> Message:
    """Open a child; returns what server/discover or initialize was answered with, or the last refusal.

    Takes as long as the child does: bound it. Raises ChildEnded.
    """
    with open_requests(join) as requests:
        await requests.begin(DISCOVER, discover_params())
        with trio.move_on_after(PROBE_SECONDS):
            await requests.answer(DISCOVER)
        if (found := requests.heard(DISCOVER)) is not None and is_modern(found):
            return found
        told = await initialize(requests, initialize_params())
        if told.error is UNSET:
            return told
        late = requests.heard(DISCOVER)  # a modern one may have been slow to start, and refuses this
        return late if late is not None and is_modern(late) else told


def is_modern(greeting: Message) -> bool:
    """Return whether a child has answered server/discover with a revision that is spoken here."""
    versions = plain(outer(greeting.result).get("supportedVersions"))
    return isinstance(versions, list) and any(version in MODERN for version in versions)
