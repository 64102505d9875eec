"""The lines that set mapsrv beside what one would pick instead, and what each of them must reach."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import cores, load_tool, machine
from tests.bench.options import Options
from tests.bench.peers import cases, servers
from tests.bench.peers.cases import BRIDGED, MODES, TRANSPORTS, Bench
from tests.bench.peers.compare import COLUMNS, Line, Must, fill, measured
from tests.bench.report import Table
from tests.bridge.kit.wrappers import NpmProxy, Supergateway

NOTE = (
    "Medians of {rounds} rounds, each of which measures all, but the takeover once; {where}; the load is"
    " made by a C tool, the takeover's and that of a pipe by Python. On each line mapsrv's number stands"
    " beside that of its peer: a ratio over 1 is good for rates, below 1 for what is to be small. CPU us are"
    " of the server's process alone, for each operation; by CPU is how many of mapsrv's operations cost what"
    " one of the peer's does, which what else the machine does changes less than rates. Starlette* is a"
    " StreamingResponse of shared bytes on uvicorn with uvloop and httptools; node is its own http with one"
    " write a viewer; nchan is Debian's libnginx-mod-nchan with one worker and one message kept: none of them"
    " stores, checks or replays. Naive is Starlette and redis-py, which SETs the whole map. SDK is its own"
    " MCPServer on uvicorn with a tool that does nothing. Load {load}. {landed}"
)
LANDED = "Landed is an earlier release in the same run, beside which nothing may lose over 5 %."
MORE = Must(1.0)
NO_LESS, NO_MORE = Must(0.95), Must(1.05, at_most=True)  # than an earlier release


def fan_lines() -> Iterator[Line]:
    """Yield those of one map with many viewers."""
    whole = f"one event to {cases.VIEWERS} viewers"
    alone = {"Starlette*": 1.5, "node": 0.8, "nchan": 0}
    yield _line("fan", f"{whole}, one by one: deliveries/s", "fan 1", alone)
    at_once = {"Starlette*": 3.0, "node": 0, "nchan": 2.0}
    yield _line("fan", f"{whole}, {cases.SENDERS} senders: deliveries/s", f"fan {cases.SENDERS}", at_once)
    opens = f"streams opened/s ({cases.OPENED:,}, 64 at once)"
    yield _line("open", opens, "open", {"Starlette*": 1.5, "node": 0, "nchan": 0})
    memory = f"KiB RSS a viewer ({cases.WEIGHED[0]:,} to {cases.WEIGHED[1]:,})"
    peers = {"Starlette*": 0.0, "node": 0.0, "nchan": 0.0}
    yield _line("open", memory, "weigh", peers, pick="kib", own=Must(14, at_most=True))


def command_lines() -> Iterator[Line]:
    """Yield those of commands and tool calls."""
    what = f"POST /commands, {cases.CONNECTIONS} connections, SQLite: commands/s"
    yield _line("commands", what, "commands", {"naive": 1.0})
    what = "POST /commands one by one, memory: commands/s"
    yield _line("commands", what, "one by one", {})
    what = f"tools/call, {cases.MCP_CONNECTIONS} connections: calls/s"
    yield _line("tools", what, "tools", {"SDK": 0.9})
    yield _line("tools", "a call over stdio: p50 ms", "pipe", {}, pick="p50_ms")


def bridge_lines() -> Iterator[Line]:
    """Yield those of the bridge."""
    for transport in TRANSPORTS:
        for clients in BRIDGED:
            name = f"bridge {transport} {clients}"
            others = {who: f"{name}, {who}" for who in (NpmProxy.name, Supergateway.name)}
            for mode in MODES:
                peers = {"landed": f"{name}, landed {mode}", **others}
                what = f"bridge, {transport}, {clients} connections, {mode}: calls/s"
                musts = dict.fromkeys(others, MORE) | {"landed": NO_LESS}
                yield Line("bridge", what, f"{name}, mapsrv {mode}", peers, musts)


def takeover_lines(count: int) -> Iterator[Line]:
    """Yield the one of a pod that is killed."""
    yield _line("takeover", f"{count:,} maps taken over: maps/s until the last", "takeover", {"naive": 0})


def all_lines(taken_over: int, *, landed: bool, groups: tuple[str, ...]) -> list[Line]:
    """Return the lines of these groups, without those that only an earlier release could be beside."""
    made = [*fan_lines(), *command_lines(), *bridge_lines(), *takeover_lines(taken_over)]
    return [line if landed else _without_landed(line) for line in made if line.group in groups]


def _without_landed(line: Line) -> Line:
    peers = {name: case for name, case in line.peers.items() if name != "landed"}
    return Line(line.group, line.what, line.ours, peers, line.musts, line.pick, line.own)


def _line(
    group: str,
    what: str,
    case: str,
    musts: dict[str, float],
    *,
    pick: str = "a_second",
    own: Must | None = None,
) -> Line:
    """Return a line beside the earlier release and these; 0 is no must."""
    wanted = {name: Must(factor) for name, factor in musts.items() if factor}
    wanted["landed"] = NO_LESS if pick == "a_second" else NO_MORE
    peers = {name: f"{case}, {name}" for name in ("landed", *musts)}
    return Line(group, what, f"{case}, mapsrv", peers, wanted, pick, own)


def measure(options: Options) -> Table:
    """Return the part's table."""
    if options.landed is not None:
        print(f"landed: {servers.release_of(options.landed)}", flush=True)
    most, load = max(options.taken_over), machine.description()["load"]
    lines = all_lines(most, landed=options.landed is not None, groups=options.lines)
    once = [name for line in lines if line.group == "takeover" for name in line.cases()]
    with cores.on_load_core(), load_tool.open_load_tool() as tool:
        bench = Bench(tool, options.seconds, most, options.landed)
        found, failed = measured(cases.all_cases(bench), lines, options.rounds, once)
    landed = LANDED if options.landed else ""
    note = NOTE.format(rounds=options.rounds, where=cores.told(), load=load, landed=landed).strip()
    return fill(Table("Beside what one would pick instead", COLUMNS, note), lines, found, failed)
