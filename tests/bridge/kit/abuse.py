"""A stdio MCP server that does on request what ill servers do. Nothing but Python: it starts in 15 ms.

Run as `python -I -S abuse.py TOKEN`; the token is what its processes are found by. All end by an
alarm, so that nothing outlives a test by long, whatever was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

LIFETIME = 300  # seconds after the last that it is asked
WRITING = threading.Lock()
asked: dict[str, Any] = {}  # calls that wait for what the client says, by the id of our question
hoard: list[bytes] = []


def say(line: str) -> None:
    """Write a line, whole."""
    with WRITING:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def crash(code: int = 1, number: int = 0, words: str = "") -> None:
    """Say some last words and end, by a signal if one is given."""
    os.write(2, words.encode() + b"\n" if words else b"")
    os.kill(os.getpid(), number) if number else os._exit(code)


def hang(deaf: bool = False) -> None:
    """Read no more, answer no more; if deaf, TERM does not end it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else signal.SIG_DFL)
    time.sleep(LIFETIME)


def fork() -> int:
    """Start a process that TERM does not end and that holds our pipes; return its id."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if not (pid := os.fork()):
        signal.alarm(LIFETIME)
        time.sleep(LIFETIME)
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return pid


def leak(size: int) -> int:
    """Take memory and keep it; return how much."""
    hoard.append(b"x" * size)
    return sum(map(len, hoard))


TOOLS = {
    "echo": lambda value=None: value,
    "sleep": lambda seconds, value=None: value,  # late, while others are answered: see main()
    "busy": lambda seconds: time.sleep(seconds),  # nothing else is answered meanwhile
    "crash": crash,
    "hang": hang,
    "babble": lambda lines: [say(line) for line in lines].clear(),
    "fork": fork,
    "leak": leak,
    "big": lambda size: "x" * size,
    "die_after": lambda seconds: threading.Timer(seconds, os._exit, [3]).start(),
}


def answer(id: Any, result: Any) -> None:
    """Answer a request."""
    say(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}))


def done(id: Any, value: Any) -> None:
    """Answer a call; it is told which process did it."""
    text = json.dumps({"value": value, "pid": os.getpid()})
    answer(id, {"content": [{"type": "text", "text": text}], "isError": False})


def call(id: Any, name: str, arguments: dict[str, Any]) -> None:
    """Do a tool."""
    if name == "ask":  # the client, for its roots
        asked[f"ask-{id}"] = id
        say(json.dumps({"jsonrpc": "2.0", "id": f"ask-{id}", "method": "roots/list"}))
        return
    value = TOOLS[name](**arguments)
    if name == "sleep":
        threading.Timer(arguments["seconds"], done, [id, value]).start()
    else:
        done(id, value)


def main() -> None:
    """Serve until stdin ends."""
    signal.alarm(LIFETIME)
    for line in sys.stdin:
        signal.alarm(LIFETIME)
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params") or {}
        if method is None:
            done(asked.pop(id), message.get("result", message.get("error")))
        elif method == "initialize":
            told = {"name": "abuse", "version": "1"}
            version = params["protocolVersion"]
            answer(id, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": told})
        elif method == "tools/list":
            tools = [{"name": name, "inputSchema": {"type": "object"}} for name in [*TOOLS, "ask"]]
            answer(id, {"tools": tools})
        elif method == "tools/call":
            call(id, params["name"], params.get("arguments") or {})
        elif id is not None:
            answer(id, {})
    os._exit(0)  # whatever still sleeps


if __name__ == "__main__":
    main()
