"""What a tool call is answered that comes too often: a result that says how long to wait, since only results
reach the model. Made without the SDK: what is refused is to cost little."""

from __future__ import annotations

from mcp_types import CallToolResult, JSONRPCRequest, JSONRPCResponse, TextContent

from mapsrv.asgi.error_body import error_fields
from mapsrv.errors import MalformedJson, TooMany
from mapsrv.transports.sse_session import parsed


def refused_call(body: bytes, error: TooMany) -> JSONRPCResponse | None:
    """Return the answer to a message that is a tool call; None for any other."""
    try:
        message = parsed(body)
    except MalformedJson:
        return None
    if not isinstance(message, JSONRPCRequest) or message.method != "tools/call":
        return None
    result = CallToolResult(
        content=[TextContent(type="text", text=error.message)],
        structured_content={"error": error_fields(error)},
        is_error=True,
    )
    return JSONRPCResponse(
        jsonrpc="2.0",
        id=message.id,
        result=result.model_dump(by_alias=True, mode="json", exclude_none=True),
    )
