"""One tool call, from its arguments to its result. Whatever changes a map goes through hub.execute()."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import trio

from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.core.commands import AddLayer, Command, SetTitle
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument, InvalidGeoJson, NotGeoJson, UnknownLayer
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.local.front import Front, address
from mapsrv.prepare.own_routes import NO_ROUTES, OwnRoutes
from mapsrv.tools import queries
from mapsrv.tools.afterwards import completed, was_there
from mapsrv.tools.caller import Caller
from mapsrv.tools.local_files import not_geojson, read_file, way_out
from mapsrv.tools.results import Result, elsewhere, query_result, receipt_result
from mapsrv.tools.which_map import NoMapNamed, WhichMap
from mapsrv.wire.calls import CALLS, GetLayerInfo, GetMapState, ListLayers, OpenMap, local_path, parse_call
from mapsrv.wire.receipt import Receipt, map_url

_READING = frozenset(name for name, call in CALLS.items() if call.annotations["readOnlyHint"])


@dataclass(frozen=True, slots=True)
class _Link:
    """A map's link, and what stands beside the result because of it."""

    url: str
    note: str = ""


class Tools:
    """All the tools, on one hub."""

    def __init__(
        self,
        hub: Hub,
        front: Front | None = None,
        own: OwnRoutes = NO_ROUTES,
        rates: RateLimits | None = None,
    ) -> None:
        """`front` gives the tokens of local callers' links; None: links have none."""
        self._hub, self._front, self._own = hub, front, own
        self._rates = rates or RateLimits()
        self._which = WhichMap(hub, self._rates)

    async def call(self, name: str, arguments: Json, caller: Caller, key: str | None = None) -> Result:
        """Return a call's result; raises MapsrvError."""
        if name not in _READING:
            self._rates.check("commands", caller.counts_for)
        parsed = parse_call(name, arguments)
        request = parsed.request
        self._own.check(request, caller.base_url)
        if isinstance(request, OpenMap):
            return await self._open_map(request, parsed.session_id, caller, key)
        session_id = await self._which.of(parsed.session_id, caller)
        try:
            match request:
                case GetMapState() | ListLayers() | GetLayerInfo():
                    result = await self._query(request, session_id, caller)
                case _:
                    receipt = await self._execute(request, session_id, caller, key)
                    result = self._told(receipt, f"{name}: done.", caller)
        except UnknownLayer as error:
            raise await was_there(self._hub, error, request, session_id) from error
        if parsed.session_id is not None:
            caller.named.note(session_id)
        return result

    async def _execute(self, request: Command, session_id: str, caller: Caller, key: str | None) -> Receipt:
        command = await self._with_file(request, session_id, caller)
        receipt = await self._hub.execute(session_id, command, caller.origin, key)
        return await completed(self._hub, receipt, command, caller)

    async def _open_map(
        self, request: OpenMap, argument: str | None, caller: Caller, key: str | None
    ) -> Result:
        session_id, did = None, "Joined this map."
        if not request.new:
            try:
                session_id = await self._which.of(argument, caller)
            except NoMapNamed:
                pass
        if session_id is None:
            session_id, did = await self._which.new(caller), "Made a new map."
        if request.title is not None:
            command = SetTitle(request.title)
            receipt = await self._execute(command, session_id, caller, key)
        else:
            async with self._hub.open_current(session_id) as live:
                receipt = await completed(self._hub, _receipt(live), None, caller)
        caller.named.note(session_id)
        return self._told(receipt, did, caller)

    def _told(self, receipt: Receipt, did: str, caller: Caller) -> Result:
        link = self._link(receipt.session_id, receipt.viewers, caller)
        return receipt_result({**receipt.to_json(caller.base_url), "url": link.url}, did, link.note)

    def _link(self, session_id: str, viewers: int, caller: Caller) -> _Link:
        """Return what a caller is told as the map's link.

        A local one's is by a token while nobody watches; also once when somebody does, but no browser of
        this user took the token that was given: it was too late, or could not read the page with it.
        """
        url = map_url(caller.base_url, session_id)
        if self._front is None or not caller.local:
            return _Link(url)
        if not viewers:
            return _Link(address(url, self._front.token(session_id)))
        if self._front.is_owed(session_id):
            return _Link(url, elsewhere(address(url, self._front.token())))
        return _Link(url)

    async def _query(self, request: Any, session_id: str, caller: Caller) -> Result:
        async with self._hub.open_current(session_id) as live:
            viewers = live.presence.count
            link = self._link(session_id, viewers, caller)
            match request:
                case GetMapState():
                    value = queries.map_state(live, link.url)
                    value |= queries.did_since(live, request.since, caller.author, self._hub.clock.wall())
                case ListLayers():
                    value = queries.layers(live)
                case _:
                    value = await queries.layer_info(live, request.layer_id, self._hub.documents)
            return query_result(value, None if viewers else link.url, link.note)

    async def _with_file(self, command: Command, session_id: str, caller: Caller) -> Command:
        """Return the command with a local caller's file stored as a document; raises InvalidArgument.

        Of a file that is not GeoJSON nothing is told: who calls may be led by what they read elsewhere.
        """
        path = local_path(command)
        if path is None or not isinstance(command, AddLayer):
            return command
        if not (caller.local and caller.files):
            raise InvalidArgument(way_out(path, caller.base_url, session_id))
        documents = self._hub.documents
        # A disk that hangs holds the thread, not the call: it may be cancelled.
        read = partial(read_file, path, documents.max_data)
        body = await trio.to_thread.run_sync(read, abandon_on_cancel=True)
        try:
            stored = await documents.put(body)
        except NotGeoJson:
            raise InvalidGeoJson(not_geojson(path)) from None
        return replace(command, source={**command.source, "data": stored.data})


def _receipt(live: LiveSession) -> Receipt:
    """Return the Receipt of a call that changed nothing."""
    return Receipt(
        live.id, live.state.title, live.position, (), live.presence.count, (), live.known_durability
    )
