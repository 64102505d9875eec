"""A stdio MCP server of 2025-11-25 alone, by hand: asks its client, and says what it was told.

Run as `python -I -S legacy_child.py`. Ends by an alarm, so that nothing outlives a test by long.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

seen: list[list[Any]] = []  # what it was told, for the tool "seen"
asked: dict[str, Any] = {}  # calls that wait, by the id of our question
TOOLS = ("echo", "steps", "wait", "ask", "sample", "touch", "seen", "die")
FORM = {"type": "object", "properties": {"name": {"type": "string"}}}
HEADED = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
MISSING = {"code": -32002, "message": "Resource not found"}


def say(**message: Any) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def done(id: Any, value: Any) -> None:
    say(id=id, result={"content": [{"type": "text", "text": json.dumps(value)}], "isError": False})


def ask(id: Any, method: str, **params: Any) -> None:
    key = f"ask-{id}-{len(seen)}"
    asked[key] = id
    say(id=key, method=method, params=params)


def call(id: Any, params: dict[str, Any]) -> None:
    name, arguments = params["name"], params.get("arguments") or {}
    token = params.get("_meta", {}).get("progressToken")
    if name == "echo":
        done(id, {"params": params})
    elif name == "steps":
        for number in range(arguments["steps"]):
            say(method="notifications/message", params={"level": "info", "data": number})
            if token is not None:
                say(method="notifications/progress", params={"progressToken": token, "progress": number})
        done(id, arguments["steps"])
    elif name == "ask":
        ask(id, "elicitation/create", message="Who?", requestedSchema=FORM)
    elif name == "sample":
        text = {"role": "user", "content": {"type": "text", "text": "Hello"}}
        ask(id, "sampling/createMessage", messages=[text], maxTokens=10)
    elif name == "touch":
        say(method="notifications/tools/list_changed")
        say(method="notifications/resources/updated", params={"uri": arguments["uri"]})
        done(id, "touched")
    elif name == "seen":
        done(id, seen)
    elif name == "die":
        sys.exit(7)


def main() -> None:
    signal.alarm(120)
    for line in sys.stdin:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params") or {}
        if method != "tools/call":
            seen.append([method, params])
        if method is None:
            done(asked.pop(id), message.get("result", message.get("error")))
        elif method == "initialize":
            able = {"tools": {"listChanged": True}, "resources": {"subscribe": True}}
            info = {"name": "older", "version": "1"}
            say(id=id, result={"protocolVersion": "2025-11-25", "capabilities": able, "serverInfo": info})
        elif method == "tools/list":
            say(id=id, result={"tools": [{"name": name, "inputSchema": HEADED} for name in TOOLS]})
        elif method == "tools/call":
            call(id, params)
        elif method == "resources/read":
            say(id=id, error=MISSING)
        elif method in ("resources/subscribe", "resources/unsubscribe", "ping"):
            say(id=id, result={})
        elif id is not None:
            say(id=id, error={"code": -32601, "message": f"Method not found: {method}"})


if __name__ == "__main__":
    main()
