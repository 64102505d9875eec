"""How a refusal reads over HTTP, whoever gives it: its JSON, plain or as JSON-RPC, and its headers."""

from __future__ import annotations

from typing import Any

from mapsrv.errors import MapsrvError, TooMany

INVALID_REQUEST, INTERNAL_ERROR = -32600, -32603  # JSON-RPC 2.0 section 5.1


_ERROR = "mapsrv.error"  # in scope["state"]


def note_error(scope: Any, error: MapsrvError) -> None:
    """Leave word with a request of what it was refused by, for who counts and logs."""
    scope.setdefault("state", {})[_ERROR] = error.code, error.status


def error_of(scope: Any) -> tuple[str, int] | None:
    """Return the code and the status that a request was refused by, if it was."""
    noted: tuple[str, int] | None = scope.get("state", {}).get(_ERROR)
    return noted


def error_fields(error: MapsrvError) -> dict[str, Any]:
    """Return what an error says of itself to a program."""
    return {"code": error.code, "message": error.message, "temporary": error.temporary}


def error_body(error: MapsrvError) -> dict[str, Any]:
    """Return the plain body."""
    return {"error": error_fields(error)}


def rpc_error_body(error: MapsrvError) -> dict[str, Any]:
    """Return the body as JSON-RPC has it: so it reaches the model that made the call."""
    code = INTERNAL_ERROR if error.status >= 500 else INVALID_REQUEST
    return {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": code, "message": error.message, "data": error_fields(error)},
    }


def error_headers(error: MapsrvError) -> dict[str, str]:
    """Return the headers that go with either, but for the body's own."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, TooMany):
        headers.update(error.headers)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"  # RFC 9110 section 15.5.2 wants a challenge
    return headers
