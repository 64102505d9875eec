"""The child: MapLibre's bundle in QuickJS. A line of JSON on stdin is a request, a line on stdout its answer.

JavaScript is given data and never code. What happens here, and what each odd line is for:

- A value may compute without end (`let` that doubles, over and over) or ask for all memory. QuickJS counts
  the computing time, the system the memory, both in this process and in no other: the server is not in it.
- Out of memory can be caught in JavaScript, and the package does catch what evaluating throws: then it stands
  in the answer as the fault of an expression. So after any exception that comes out, and any that is told so,
  this process ends: what its heap is like then, nobody knows. Its last line says which limit it was.
- It is run by its path and imports nothing of mapsrv: a new child is to be there in 30 ms.
- stdin's end is the server's end, however it came. While JavaScript computes nobody reads stdin: the limit on
  computing ends that too.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import quickjs

LIMIT_SECONDS = 1.0  # of computing for one request; 100 style layers take 0.03, 10,000 features 0.05
LIMIT_BYTES = 256 * 1024 * 1024  # of address space, Python's own 40 MiB in it
STACK = 12 * 1024 * 1024  # of JavaScript: expressions 2,000 deep
THREAD_STACK = 16 * 1024 * 1024  # of the thread that it runs in, more than its own: else it would be a fault
BUNDLE = Path(__file__).parent / "built" / "style_spec.js"

# As they are told where the package caught them: the whole text of a fault, or of a note's message.
_CAUGHT = re.compile(
    r'"(?:text|message)":"(?:InternalError: )?(out of memory|stack overflow|Maximum call stack)'
)

_LIMITS = {"interrupted": "time", "out of memory": "memory", "stack overflow": "depth", "call stack": "depth"}


def load() -> Callable[[str], str]:
    """Return the bundle's answer(request)."""
    context = quickjs.Context()
    context.set_max_stack_size(STACK)
    context.eval(BUNDLE.read_text(encoding="utf-8"))
    context.set_time_limit(LIMIT_SECONDS)
    answer: Callable[[str], str] = context.get("answer")
    return answer


def limit_of(error: BaseException) -> str:
    """Return which limit an exception of the engine tells of, or "" for none."""
    if isinstance(error, MemoryError):
        return "memory"
    said = str(error).lower()
    return next((limit for words, limit in _LIMITS.items() if words in said), "")


def answered(answer: Callable[[str], str], line: bytes) -> tuple[str, bool]:
    """Return the answer to a request, and whether this process may go on."""
    try:
        told = answer(line.decode())
    except Exception as error:
        return json.dumps({"over": limit_of(error), "error": type(error).__name__}), False
    caught = _CAUGHT.search(told)
    return (told, True) if caught is None else (json.dumps({"over": limit_of(Exception(caught[1]))}), False)


def serve() -> None:
    """Answer until stdin ends, or the engine fails."""
    answer = load()
    told, going_on = "{}", True  # ready
    while True:
        sys.stdout.buffer.write(told.encode() + b"\n")
        sys.stdout.buffer.flush()
        line = sys.stdin.buffer.readline() if going_on else b""
        if not line:
            return
        told, going_on = answered(answer, line)


def main() -> None:
    """Run in a thread whose stack is large enough, within the limits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; our end is stdin's
    threading.stack_size(THREAD_STACK)
    with suppress(OSError):  # where memory is short it is to be this process that ends, not the server
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
