"""One tool call, from its arguments to its result. Whatever changes a map goes through hub.execute()."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import trio

from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.core.commands import AddLayer, Command, SetTitle
from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument, InvalidGeoJson, MapsrvError, NotGeoJson, UnknownLayer
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.presence.models import Call
from mapsrv.local.front import Front, address
from mapsrv.prepare.near import FACT as CAMERA_NEAR
from mapsrv.prepare.refused_addresses import NO_ROUTES, OwnRoutes
from mapsrv.tools import queries
from mapsrv.tools.afterwards import completed, was_there
from mapsrv.tools.caller import Caller
from mapsrv.tools.local_files import not_geojson, read_file, way_out
from mapsrv.tools.results import Result, elsewhere, places_result, query_result, receipt_result
from mapsrv.tools.screenshot import screenshot
from mapsrv.tools.shown import READING, Shown, show_refused
from mapsrv.tools.tiles import with_source_layers
from mapsrv.tools.viewer import with_viewer
from mapsrv.tools.which_map import NoMapNamed, WhichMap
from mapsrv.wire.calls import (
    FindPlaces,
    GetLayerInfo,
    GetMapScreenshot,
    GetMapState,
    ListLayers,
    OpenMap,
    Parsed,
    local_path,
    parse_call,
)
from mapsrv.wire.receipt import Receipt, map_url
from mapsrv.wire.source_text import NeedsLayers
from mapsrv.wire.tools import get_map_screenshot, open_map


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
        wait_for_viewer: float = 0.0,
    ) -> None:
        """`front` gives the tokens of local callers' links; None: links have none.

        `wait_for_viewer` is how long a call that draws waits for a page, in seconds.
        """
        self._wait = wait_for_viewer
        self._hub, self._front, self._own = hub, front, own
        self._rates = rates or RateLimits()
        self._which = WhichMap(hub, self._rates)

    async def call(self, name: str, arguments: Json, caller: Caller, key: str | None = None) -> Result:
        """Return a call's result; raises MapsrvError."""
        if name not in READING or name == get_map_screenshot.TOOL.name:  # which makes others work
            self._rates.check("commands", caller.counts_for)
        try:
            parsed = await self._parsed(name, arguments, caller)
        except MapsrvError as error:
            show_refused(self._hub, name, arguments, caller, error)
            raise
        request = parsed.request
        if isinstance(request, OpenMap):
            return await self._open_map(request, parsed.session_id, caller, key)
        if isinstance(request, FindPlaces):  # of no map: none need be open
            return places_result(await self._hub.gazetteer.find(request))
        session_id = await self._which.of(parsed.session_id, caller)
        async with Shown(self._hub, session_id, name, request, caller) as call:
            try:
                match request:
                    case GetMapState() | GetMapScreenshot() | ListLayers() | GetLayerInfo():
                        result = await self._query(request, session_id, caller)
                    case _:
                        receipt = await self._execute(request, session_id, caller, key, call)
                        result = self._told(receipt, f"{name}: done.", caller)
            except UnknownLayer as error:
                raise await was_there(self._hub, error, request, session_id) from error
        if parsed.session_id is not None:
            caller.named.note(session_id)
        return result

    async def _parsed(self, name: str, arguments: Json, caller: Caller) -> Parsed:
        try:
            parsed = parse_call(name, arguments)
        except NeedsLayers as error:
            raise await self._with_source_layers(error, caller) from None
        self._own.check(parsed.request, caller.base_url)
        return parsed

    async def _execute(
        self, request: Command, session_id: str, caller: Caller, key: str | None, call: Call
    ) -> Receipt:
        command = await self._with_file(request, session_id, caller)
        receipt = await self._hub.execute(session_id, command, caller.origin, key)
        if NOTHING_CHANGED not in receipt.warnings:
            call.position, call.near = receipt.position, receipt.facts.get(CAMERA_NEAR)
        receipt = await with_viewer(self._hub, receipt, command, self._wait)
        return await completed(self._hub, receipt, command, caller)

    async def _with_source_layers(self, error: NeedsLayers, caller: Caller) -> InvalidArgument:
        """Return the error with what an open page reads in the tiles, where there is one."""
        if self._wait <= 0:
            return error
        self._own.check(AddLayer(error.layer_id, error.source), caller.base_url)
        session_id = await self._which.of(error.session, caller)
        async with self._hub.open_session(session_id) as live:
            return await with_source_layers(self._hub, live, error)

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
        async with Shown(self._hub, session_id, open_map.TOOL.name, request, caller) as call:
            if request.title is not None:
                receipt = await self._execute(SetTitle(request.title), session_id, caller, key, call)
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
            if isinstance(request, GetMapScreenshot):
                return await screenshot(self._hub, live, link.url, caller.name, front=caller.local)
            match request:
                case GetMapState():
                    wrong = await self._hub.preparer.style.problems(live.state)
                    value = queries.map_state(live, link.url, wrong)
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
