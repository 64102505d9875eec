"""Runs a module and counts in whose code its processor time goes: `python sampler.py FILE MODULE WORDS...`.

It stands alone, so that the interpreter of another release can run it. Theory of operation: the
kernel's ITIMER_VIRTUAL ticks only while this process spends user time, so neither waiting nor system
calls are counted; at each tick the handler, which Python runs between two bytecodes of the main
thread, looks which room the innermost frame belongs to, and where that is the standard library or a
package of no room, its caller, and so on. What C code spends is its caller's. SIGUSR1 begins anew,
SIGUSR2 writes {room: ticks} to FILE. System time is told by /proc, which a reader adds himself.
Threads have no frames here: measure a server that does its work in the main one.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from collections import Counter
from types import FrameType

TICK_SECONDS = 0.001  # the kernel gives no more than its own ticks, often every 4 ms
# The first text that stands in a frame's file is its room.
ROOMS = {
    "/mapsrv/http_server/": "HTTP",
    "/mapsrv/": "ours",
    "/trio/": "Trio",
    "/outcome/": "Trio",
    "/sniffio/": "Trio",
    "/hypercorn/": "HTTP",
    "/h11/": "HTTP",
    "/httptools/": "HTTP",
    "/quart/": "HTTP",
    "/quart_trio/": "HTTP",
    "/flask/": "HTTP",
    "/werkzeug/": "HTTP",
    "/itsdangerous/": "HTTP",
    "/mcp/": "SDK",
    "/mcp_types/": "SDK",
    "/starlette/": "SDK",
    "/sse_starlette/": "SDK",
    "/pydantic/": "SDK",
    "/anyio/": "SDK",
}
OTHER = "other"

ticks: Counter[str] = Counter()
rooms: dict[str, str] = {}  # by file, so that each is looked up once


def room_of(file: str) -> str:
    """Return whose a file is; empty for that of nobody in particular."""
    if file not in rooms:
        path = file.replace("\\", "/")
        rooms[file] = next((room for part, room in ROOMS.items() if part in path), "")
    return rooms[file]


def tick(_number: int, frame: FrameType | None) -> None:
    """Count one."""
    while frame is not None:
        if room := room_of(frame.f_code.co_filename):
            ticks[room] += 1
            return
        frame = frame.f_back
    ticks[OTHER] += 1


def main() -> None:
    """Run the module as if it had been started itself."""
    file, module, words = sys.argv[1], sys.argv[2], sys.argv[3:]
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()  # as `python -m` has it, and not this folder, whose names mean other things

    def write(_number: int, _frame: FrameType | None) -> None:
        with open(file + ".new", "w") as out:
            json.dump(ticks, out)
        os.replace(file + ".new", file)

    signal.signal(signal.SIGUSR1, lambda _number, _frame: ticks.clear())
    signal.signal(signal.SIGUSR2, write)
    signal.signal(signal.SIGVTALRM, tick)
    signal.setitimer(signal.ITIMER_VIRTUAL, TICK_SECONDS, TICK_SECONDS)
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
