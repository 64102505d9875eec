"""What those who watch a map are told of the calls on it: that one runs, was answered, or was refused.

It is on the way of every call, so it notes and encodes nothing: that is done at the next tick of presence.
"""

from __future__ import annotations

from typing import Any

from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.presence.models import MAX_RAW, Call
from mapsrv.tools.caller import Caller
from mapsrv.wire.calls import CALLS, OpenMap, local_path
from mapsrv.wire.fields import session_id
from mapsrv.wire.source_text import LOCAL, local_data

READING = frozenset(name for name, call in CALLS.items() if call.annotations["readOnlyHint"])
FAULT = "The server failed at this call."
NO_FILE = "The file cannot be used."  # what it is called, and what is in it, is nobody else's business


class Shown:
    """A call on a map, shown while this is open; the map is held in memory meanwhile.

    No generator: every call opens one.
    """

    __slots__ = ("_call", "_caller", "_live", "_pin", "_request", "_tool")
    _call: Call
    _live: LiveSession

    def __init__(self, hub: Hub, session: str, tool: str, request: Any, caller: Caller) -> None:
        self._pin = hub.open_session(session)
        self._tool, self._request, self._caller = tool, request, caller

    async def __aenter__(self) -> Call:
        """Begin; raises UnknownSession or StoreUnavailable. Whoever makes an event notes its `position`."""
        self._live, request = await self._pin.__aenter__(), self._request
        reads = self._tool in READING or (isinstance(request, OpenMap) and request.title is None)
        self._call = call = _begin(self._live, self._tool, self._caller, reads)
        call.layer_id = getattr(request, "layer_id", None) or getattr(request, "id", None)
        call.title = getattr(request, "title", None)
        return call

    async def __aexit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        models = self._live.presence.models
        if error is None:
            models.done(self._call)
        elif isinstance(error, MapsrvError):
            of_a_file = local_path(self._request) is not None
            models.refused(self._call, NO_FILE if of_a_file else _reason(error, self._tool))
        elif isinstance(error, Exception):
            models.refused(self._call, FAULT)
        else:  # the caller has left, or the server stops
            models.dropped(self._call)
        await self._pin.__aexit__(kind, error, trace)  # noqa: ASYNC102 (which does not wait)


def show_refused(hub: Hub, tool: str, arguments: Json, caller: Caller, error: MapsrvError) -> None:
    """Show a call whose arguments were refused, where it is known on which map, and somebody may see it."""
    given = arguments if isinstance(arguments, dict) else {}
    try:
        named = session_id(given.get("session_id"))
    except MapsrvError:
        return
    found = named or caller.session_hint or (hub.in_front() if caller.local else None)
    live = None if found is None else hub.held().get(found)
    if live is None or tool not in CALLS:
        return
    call = _begin(live, tool, caller, tool in READING)
    call.layer_id = _text(given.get("layer_id")) or _text(given.get("id"))
    call.title = _text(given.get("title"))
    live.presence.models.refused(call, NO_FILE if _of_a_file(given) else _reason(error, tool))


def _begin(live: LiveSession, tool: str, caller: Caller, reads: bool) -> Call:
    return live.presence.models.begin(caller.agent, caller.name, tool, reads=reads)


def _text(value: Json) -> str | None:
    return value[:MAX_RAW] if isinstance(value, str) else None


def _of_a_file(arguments: dict[str, Json]) -> bool:
    source = arguments.get("source")
    data = source.get("data") if isinstance(source, dict) else source
    return isinstance(data, str) and local_data(data.strip()[:MAX_RAW]).startswith(LOCAL)


def _reason(error: MapsrvError, tool: str) -> str:
    """Return the message without what a person has no use for: the tool's name, and how to call it."""
    return error.message.removeprefix(f"{tool}: ").partition(" Example: ")[0]
