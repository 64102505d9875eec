"""One tool call on its way from a stdio process to this user's server, over streamable HTTP.

Every call looks up and proves the server anew and stands alone (MCP 2026-07-28 has no sessions), so a
server that died, or was replaced, is no case of its own. A call carries a key, so that sending it
twice carries it out once.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx2
import trio
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    RequestParamsMeta,
)
from mcp_types.version import LATEST_MODERN_VERSION

from mapsrv.asgi.message import MAX_MESSAGE
from mapsrv.config import Config
from mapsrv.errors import MapsrvError, StoreUnavailable, TooLarge, leaves
from mapsrv.local import LocalServer, find_server
from mapsrv.local.start import ensure_server
from mapsrv.tools.caller import NO_FILES_HEADER, SECRET_HEADER
from mapsrv.tools.publish import KEY
from mapsrv.wire.source_text import LOCAL, local_data

ANSWER_SECONDS = 120.0  # for one call; the longest read 16 MiB of GeoJSON
AGAIN_SECONDS = 10.0  # within which a call that was lost with its server is sent again
PAUSE_SECONDS = 0.25  # before that: a server that is ending still answers for a moment
ENVELOPE = 2048  # bytes of a message besides its arguments, and to spare


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the host made it; `client` is who the host says it is."""

    name: str
    arguments: dict[str, Any]
    client: Implementation


async def forward(config: Config, call: Call) -> CallToolResult:
    """Return the server's own result, unchanged. Raises MapsrvError when there is none."""
    arguments = local_source(call.arguments, Path.cwd())
    if len(json.dumps(arguments, ensure_ascii=False).encode("utf-8", "replace")) > MAX_MESSAGE - ENVELOPE:
        raise TooLarge(
            f"A message may have at most {MAX_MESSAGE // 1024} KiB. Write large GeoJSON to a file and pass"
            " the file's path to add_layer as source."
        )
    meta = cast(RequestParamsMeta, {KEY: secrets.token_hex(16)})
    params = CallToolRequestParams(name=call.name, arguments=arguments, _meta=meta)
    until: float | None = None
    while True:
        server = await ensure_server(config)
        try:
            return await _send(server, params, call.client, config)
        except Exception as error:
            now = trio.current_time()
            until = now + AGAIN_SECONDS if until is None else until
            if now > until or not _is_lost(error):
                raise _refusal(error) from error
        await trio.sleep(PAUSE_SECONDS)


async def keep(config: Config) -> None:
    """Let the running server, if there is one, know that an assistant is still there."""
    server = await find_server(config.data_dir)
    if server is None:
        return
    try:
        async with _http(server, config) as http, Client(_transport(server, http, "mapsrv"), cache=None):
            pass  # entering asks it what it can do
    except Exception:
        return  # the next call finds out, and tells


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


def _http(server: LocalServer, config: Config) -> httpx2.AsyncClient:
    # No proxy of the environment stands between two processes of one machine; verify=False only
    # spares loading the certificates, for the address is http://.
    headers = {SECRET_HEADER: server.secret, **({NO_FILES_HEADER: "1"} if config.no_files else {})}
    return httpx2.AsyncClient(headers=headers, timeout=ANSWER_SECONDS, trust_env=False, verify=False)


def _transport(server: LocalServer, http: httpx2.AsyncClient, name: str) -> Any:
    return streamable_http_client(f"{server.url}/mcp?name={quote(name, safe='')}", http_client=http)


async def _send(
    server: LocalServer, params: CallToolRequestParams, client: Implementation, config: Config
) -> CallToolResult:
    async with (
        _http(server, config) as http,
        Client(
            _transport(server, http, client.name), mode=LATEST_MODERN_VERSION, client_info=client, cache=None
        ) as upstream,
    ):
        # Not call_tool(): that would list the tools first, and check the result once more.
        return await upstream.session.send_request(CallToolRequest(params=params), CallToolResult)


def _is_lost(error: Exception) -> bool:
    """Whether the call went down with its server, or met one that is ending."""
    return any(
        (isinstance(leaf, httpx2.TransportError) and not isinstance(leaf, httpx2.TimeoutException))
        or (
            isinstance(leaf, MCPError) and (leaf.error.code == CONNECTION_CLOSED or _said(leaf) == "draining")
        )
        for leaf in leaves(error)
    )


def _said(error: MCPError) -> object:
    return error.error.data.get("code") if isinstance(error.error.data, dict) else None


def _refusal(error: Exception) -> MapsrvError:
    """Return what to tell of a call that has no result."""
    for leaf in leaves(error):
        if isinstance(leaf, MCPError):
            return StoreUnavailable(leaf.error.message)
    if any(isinstance(leaf, httpx2.TimeoutException) for leaf in leaves(error)):
        return StoreUnavailable(f"mapsrv did not answer within {ANSWER_SECONDS:.0f} seconds. Try again.")
    return StoreUnavailable("mapsrv ended while it was asked, and again when it was started anew. Try again.")
