"""Who calls a tool: its name, whether it is this machine's own user, and what its connection named.

All of it comes from the request: the query and headers of the MCP URL, and the client's own words.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from mapsrv.asgi.caller import caller_of
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.core.log import Origin
from mapsrv.errors import InvalidArgument
from mapsrv.wire.fields import session_id
from mapsrv.wire.names import clean_name

MAX_NAMED = 10  # maps that a no_map error lists; the newest are the likely ones
AGENT_LETTERS = 8
MAX_FIELDS = 20  # of the MCP URL's query
SECRET_HEADER = "x-mapsrv-secret"
AGENT_HEADER = "x-mapsrv-agent"  # which program a local caller serves: two may have one name
MCP_SESSION_HEADER = "mcp-session-id"
NO_FILES_HEADER = "x-mapsrv-no-files"  # a local caller that was told --no-files sends it with any value

Scope: TypeAlias = MutableMapping[str, Any]


class Named:
    """The maps that one connection has named; for telling them, never for choosing one.

    `agent` tells the connection's client from others of its name; empty where each call is one of its own.
    """

    def __init__(self, agent: str = "") -> None:
        self.agent = agent
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __iter__(self) -> Iterator[str]:
        """Yield the ids, the newest first."""
        return reversed(tuple(self._ids))

    def note(self, session: str) -> None:
        """Remember that a call named this map, or was answered with it."""
        self._ids[session] = None
        self._ids.move_to_end(session)
        if len(self._ids) > MAX_NAMED:
            self._ids.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call. `session_hint` is the map that the MCP URL names; links begin with base_url.

    `counts_for` is whom its calls count for; None: for nobody. `agent` tells it from others of its name.
    """

    name: str
    local: bool
    files: bool
    session_hint: str | None
    base_url: str
    named: Named
    counts_for: str | None = None
    agent: str = ""

    @property
    def origin(self) -> Origin:
        """The author of what the call changes."""
        return Origin("model", self.name, self.name, self.agent)

    @property
    def author(self) -> str:
        """The author as keys are scoped by."""
        return f"{self.origin.kind}:{self.origin.id}"


def read_caller(
    scope: Scope, client: str | None, origins: OriginGuard, secret: str | None, named: Named
) -> Caller:
    """Return the caller of a request. Raises InvalidArgument for a ?session= that cannot be one."""
    query = _query(scope["query_string"].decode("latin-1")) if scope["query_string"] else {}
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    proof = headers.get(SECRET_HEADER, "")
    name = clean_name(query.get("name", [""])[-1]) or clean_name(client or "") or "model"
    local = secret is not None and hmac.compare_digest(proof.encode(), secret.encode())
    kept = headers.get(AGENT_HEADER, "") if local else headers.get(MCP_SESSION_HEADER, "")
    return Caller(
        name=name,
        local=local,
        files=NO_FILES_HEADER not in headers,
        session_hint=_hint(query.get("session", [""])[-1]),
        base_url=origins.base_url(headers.get("host"), scope["scheme"], scope.get("root_path", "")),
        named=named,
        counts_for=caller_of(scope),
        agent=_agent(named.agent or kept, name),
    )


def _agent(kept: str, name: str) -> str:
    """Return a word for one client of a name, of what stays the same between its calls; others read it."""
    return hashlib.sha256(f"{kept} {name}".encode()).hexdigest()[:AGENT_LETTERS]


def _query(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidArgument("The address of this MCP server has too many parameters.") from None


def _hint(text: str) -> str | None:
    try:
        return session_id(text)
    except InvalidArgument as error:
        raise InvalidArgument(f"In the address of this MCP server: {error.message}") from None
