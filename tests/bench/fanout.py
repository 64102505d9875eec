"""One command to N viewers: how soon, how many a second, at what cost, beside the fastest of Python's own."""

from __future__ import annotations

from tests.bench import cores, load_tool
from tests.bench.load_tool import LoadTool
from tests.bench.options import Options
from tests.bench.peers import servers
from tests.bench.report import Cell, Table, times

TELLING = 50  # viewers, below which opening them and their memory tell nothing
SENDERS = 16

COLUMNS = (
    "server, viewers",
    "p50 ms",
    "p99 ms",
    "deliveries/s, one by one",
    f"deliveries/s, {SENDERS} senders",
    "server CPU us each",
    "opens/s",
    "KiB each",
)
NOTE = (
    "Latency: command sent to frame read by a viewer, each command sent when all viewers have the one before;"
    " {where}. Server CPU is per delivery, one by one. Starlette* is a StreamingResponse of shared bytes on"
    " uvicorn with uvloop and httptools: it keeps nothing, checks nothing, replays nothing. The ratio is"
    " mapsrv's number by Starlette's."
)


def fan_out(tool: LoadTool, make: servers.Make, viewers: int, seconds: float) -> list[Cell]:
    """Measure one server with this many viewers; each number is of a server of its own."""
    with make() as at:
        posts = at.posts(1)
        single = tool.fan(at.port, at.pid, at.get, at.marks, posts, viewers, seconds)
    with make() as at:
        posts = at.posts(SENDERS)
        many = tool.fan(at.port, at.pid, at.get, at.marks, posts, viewers, seconds)
    opens: list[Cell] = [None, None]
    if viewers >= TELLING:
        with make() as at:
            found = tool.open(at.port, at.pid, at.get, at.marks[0], (0, viewers))
        opens = [found.a_second, found.kib]
    return [single.p50_ms, single.p99_ms, single.a_second, many.a_second, single.cpu_us, *opens]


def measure(options: Options) -> Table:
    """Return the part's table: mapsrv, and the rival in the same run."""
    table = Table("One command to N viewers", COLUMNS, NOTE.format(where=cores.told()))
    with cores.on_load_core(), load_tool.open_load_tool() as tool:
        for viewers in options.viewers:
            ours = fan_out(tool, servers.mapsrv, viewers, options.seconds)
            table.add(f"mapsrv, {viewers:,}", *ours)
            if options.rivals:
                theirs = fan_out(tool, servers.starlette, viewers, options.seconds)
                table.add(f"Starlette*, {viewers:,}", *theirs)
                pairs = zip(ours, theirs, strict=True)
                table.add("ratio", *(times(float(a or 0), float(b or 0)) for a, b in pairs))  # 0: no ratio
    return table
