"""One tool call on its way from a stdio process to this user's server, over streamable HTTP.

A call stands alone (MCP 2026-07-28 has no sessions) and carries a key, so that sending it twice
carries it out once: a server that died, or was replaced, is no case of its own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import trio
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    encode_header_value,
)
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    CallToolResult,
    Implementation,
)
from mcp_types.version import LATEST_MODERN_VERSION

from mapsrv.asgi.message import MAX_MESSAGE
from mapsrv.errors import StoreUnavailable, TooLarge
from mapsrv.local.connection import Answer, Lost, Request
from mapsrv.tools.publish import KEY
from mapsrv.transports.upstream import Upstream
from mapsrv.wire.source_text import LOCAL, local_data

ANSWER_SECONDS = 120.0  # for one call; the longest read 16 MiB of GeoJSON
AGAIN_SECONDS = 10.0  # within which a call that was lost with its server is sent again
PAUSE_SECONDS = 0.25  # before that: a server that is ending still answers for a moment
KEEPER = Implementation(name="mapsrv", version="")

ENDED = "mapsrv ended while it was asked, and again when it was started anew. Try again."
SLOW = f"mapsrv did not answer within {ANSWER_SECONDS:.0f} seconds. Try again."
UNREADABLE = "mapsrv answered with what is no message. Try again."


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the host made it; `client` is who the host says it is."""

    name: str
    arguments: dict[str, Any]
    client: Implementation


async def forward(upstream: Upstream, call: Call) -> CallToolResult:
    """Return the server's own result, unchanged. Raises MapsrvError when there is none."""
    params = {"name": call.name, "arguments": local_source(call.arguments, Path.cwd())}
    request = _request("tools/call", params, call.client, {MCP_NAME_HEADER: encode_header_value(call.name)})
    if len(request.body) > MAX_MESSAGE:
        raise TooLarge(
            f"A message may have at most {MAX_MESSAGE // 1024} KiB. Write large GeoJSON to a file and pass"
            " the file's path to add_layer as source."
        )
    said = await _asked(upstream, request)
    try:
        return CallToolResult.model_validate(said["result"], by_name=False)
    except (KeyError, ValueError):
        raise StoreUnavailable(_told(said)) from None


async def keep(upstream: Upstream) -> None:
    """Let the running server, if there is one, know that an assistant is still there."""
    with trio.move_on_after(ANSWER_SECONDS):
        await upstream.ask_running(_request("server/discover", {}, KEEPER))


async def _asked(upstream: Upstream, request: Request) -> dict[str, Any]:
    """Return the message that answers; where the server ends meanwhile, the next one's."""
    until: float | None = None
    while True:
        said: dict[str, Any] | None = None
        try:
            with trio.fail_after(ANSWER_SECONDS):
                said = _message(await upstream.ask(request))
        except trio.TooSlowError:
            raise StoreUnavailable(SLOW) from None
        except Lost:
            pass
        if said is not None and not _is_draining(said):
            return said
        now = trio.current_time()
        until = now + AGAIN_SECONDS if until is None else until
        if now > until:
            raise StoreUnavailable(ENDED if said is None else _told(said))
        await trio.sleep(PAUSE_SECONDS)


def _request(
    method: str, params: Mapping[str, Any], client: Implementation, headers: Mapping[str, str] | None = None
) -> Request:
    """Return a request of MCP 2026-07-28, with a key of its own."""
    meta = {
        PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        CLIENT_INFO_META_KEY: {"name": client.name, "version": client.version},
        CLIENT_CAPABILITIES_META_KEY: {},
        KEY: secrets.token_hex(16),
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    told = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        MCP_PROTOCOL_VERSION_HEADER: LATEST_MODERN_VERSION,
        MCP_METHOD_HEADER: method,
    }
    target = f"/mcp?name={quote(client.name, safe='')}"
    return Request("POST", target, {**told, **(headers or {})}, body)


def _message(answer: Answer) -> dict[str, Any]:
    """Return the JSON-RPC message of an answer; one that took long comes as the last event of a stream."""
    text = answer.body
    if answer.media_type == "text/event-stream":
        text = next((line for line in reversed(text.splitlines()) if line.startswith(b"data:")), b"")[5:]
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _error(said: Mapping[str, Any], member: str) -> Any:
    """Return a member of the message's error."""
    error = said.get("error")
    return error.get(member) if isinstance(error, dict) else None


def _told(said: Mapping[str, Any]) -> str:
    message = _error(said, "message")
    return message if isinstance(message, str) else UNREADABLE


def _is_draining(said: Mapping[str, Any]) -> bool:
    data = _error(said, "data")
    return isinstance(data, dict) and data.get("code") == "draining"


def local_source(arguments: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments with the path of a file in `source` made absolute: the server is in
    another folder."""
    source = arguments.get("source")
    if isinstance(source, str) and source.lstrip().startswith("{"):
        try:
            source = json.loads(source)  # hosts send objects as text
        except (ValueError, RecursionError):
            return arguments
    if isinstance(source, dict):
        found = _absolute(source.get("data"), folder) if source.get("type") == "geojson" else None
        made: object = {**source, "data": found}
    else:
        made = found = _absolute(source, folder)
    if found is None:
        return arguments
    return {**arguments, "source": made}


def _absolute(text: object, folder: Path) -> str | None:
    data = local_data(text.strip()) if isinstance(text, str) else ""
    if not data.startswith(LOCAL):
        return None
    try:
        return str(folder / Path(data.removeprefix(LOCAL)).expanduser())
    except RuntimeError:  # ~name of nobody here
        return str(folder / data.removeprefix(LOCAL))
