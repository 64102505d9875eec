"""POST /commands: what a person changes. The hub's one gate, behind the same table of calls as the tools."""

from __future__ import annotations

from mapsrv.core.commands import Command
from mapsrv.core.log import Origin
from mapsrv.web.answer import Answer, json_answer
from mapsrv.web.ask import Ask
from mapsrv.web.site import Site
from mapsrv.wire import json_text
from mapsrv.wire.bodies import MAX_SMALL, slim_body
from mapsrv.wire.calls import parse_command_body

MAX_BODY = 1024 * 1024  # bytes; GeoJSON that is larger goes to POST /data
TOO_LARGE = (
    "A command has at most 1 MiB. Send the GeoJSON to POST /data first, and then the name that it answers,"
    " data/NAME, as the layer's source."
)


async def commands(site: Site, ask: Ask) -> Answer:
    """Do the command and answer its Receipt."""
    session_id, base_url = ask.session_id, site.base_url(ask)
    key, command = await _parsed(site, await site.body(ask, session_id, TOO_LARGE))
    site.own.check(command, base_url)
    receipt = await site.hub.execute(session_id, command, Origin("person", ask.author, ask.name), key)
    return json_answer(receipt.to_json(base_url))


async def _parsed(site: Site, body: bytes) -> tuple[str | None, Command]:
    if len(body) <= MAX_SMALL:
        return parse_command_body(json_text.loads(body))
    slim = await site.workers.run(slim_body, body)
    return parse_command_body(json_text.loads(slim.value), document=slim.document)
