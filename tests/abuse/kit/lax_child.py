"""A stdio MCP server of the lax kind: it folds case, takes the first of two members, calls without an id.

Run as `python -I -S lax_child.py`. It notes which tools it ran, and answers, babbles and ends as it is
told. Ends by an alarm, so that nothing outlives a test by long.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

LIFETIME = 120  # seconds
CHUNK = 65_536
ran: list[str] = []

DEEP = "[" * 200_000 + "]" * 200_000
# What stands for an answer to a call with this id; none of it is JSON that a parser takes.
ANSWERS = {
    "deep": lambda id: '{"jsonrpc":"2.0","id":%d,"result":%s}' % (id, DEEP),
    "deep_last": lambda id: '{"result":%s,"jsonrpc":"2.0","id":%d}' % (DEEP, id),
    "not_a_number": lambda id: '{"jsonrpc":"2.0","id":%d,"result":{"n":NaN,"id":%d}}' % (id, id + 1),
    "no_utf_8": lambda id: '{"jsonrpc":"2.0","id":%d,"result":{"text":"\udcff"}}' % id,
    "of_no_version": lambda id: '{"id":%d,"result":{}}' % id,
}


def first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read an object as the most lenient of parsers does."""
    return {key.lower().partition("\0")[0]: value for key, value in reversed(pairs)}


def say(line: str) -> None:
    """Write a line, which may hold bytes that are no UTF-8."""
    sys.stdout.buffer.write(line.encode(errors="surrogateescape") + b"\n")
    sys.stdout.buffer.flush()


def flood(text: str, times: int) -> None:
    """Say that often on stderr."""
    chunk, each = text.encode() * (CHUNK // len(text)), CHUNK // len(text)
    with open(2, "wb", buffering=0, closefd=False) as stderr:
        for _ in range(times // each):
            stderr.write(chunk)
        stderr.write(text.encode() * (times % each))


def call(id: Any, name: str, arguments: dict[str, Any]) -> None:
    """Do a tool, whether or not somebody waits for its answer."""
    ran.append(name)
    if name in ANSWERS:
        return say(ANSWERS[name](id))
    if name == "flood":
        flood(arguments["text"], arguments["times"])
    if name == "die":
        os.write(2, arguments["words"].encode() + b"\n")
        os._exit(3)
    text = json.dumps({"value": ran, "pid": os.getpid()})
    answer(id, {"content": [{"type": "text", "text": text}], "isError": False})


def answer(id: Any, result: Any) -> None:
    """Answer a request, if it was one."""
    if id is not None:
        say(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}))


def main() -> None:
    """Serve until stdin ends."""
    signal.alarm(LIFETIME)
    for line in sys.stdin:
        message = json.loads(line, object_pairs_hook=first)
        id, method, params = message.get("id"), message["method"].lower(), message.get("params") or {}
        if method == "initialize":
            told = {"serverInfo": {"name": "lax", "version": "1"}, "capabilities": {"tools": {}}}
            answer(id, {**told, "protocolVersion": "2025-11-25"})
        elif method == "tools/list":
            answer(id, {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in ("read_x",)]})
        elif method == "tools/call":
            call(id, params["name"], params.get("arguments") or {})
        elif id is not None:
            say(json.dumps({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "What?"}}))


if __name__ == "__main__":
    main()
