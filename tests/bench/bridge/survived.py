"""Which faults each wrapper survives: the checks are those by which mapsrv's bridge is tested."""

from __future__ import annotations

import trio

from tests.bench.bridge.options import Options, each, say, telling
from tests.bench.report import Table
from tests.bridge.kit import faults, isolation
from tests.bridge.kit.running import running
from tests.bridge.kit.wrappers import Wrapper

NOTE = (
    "Each is tried on a wrapper started for it, over both transports, by the checks that mapsrv's own"
    " tests run. – where it has no meaning, since all sessions share one child; the last row counts what is"
    " stood over both."
)


def measure(given: Options) -> list[Table]:
    """Try every fault on every wrapper; the second table says why not."""
    names = [wrapper.name for wrapper in given.wrappers]
    table = Table("The bridge: what each survives", ("fault", *names), NOTE)
    why = Table("Why not", ("fault", "wrapper", "transport", "what was seen"))
    own = {(wrapper.name, transport): _own_child(wrapper, transport) for wrapper, transport in each(given)}
    for name, fault in faults.FAULTS.items():
        cells = []
        for wrapper in given.wrappers:
            stood = {}
            for transport in given.transports:
                if transport not in fault.transports or (fault.own and not own[wrapper.name, transport]):
                    continue
                reason = faults.stand(name, wrapper, transport)
                stood[transport] = reason is None
                if reason is not None:
                    why.add(fault.survived, wrapper.name, transport, reason[:300])
                say(f"{name}, {wrapper.name}, {transport}: {reason or 'yes'}"[:200])
            cells.append(_cell(stood))
        table.add(fault.survived, *cells)
    total = [f"{sum(row[n + 1] == 'yes' for row in table.rows)} yes" for n in range(len(names))]
    table.add("in all", *total)
    return [table, why]


def _own_child(wrapper: Wrapper, transport: str) -> bool:
    own = False
    with telling(f"{wrapper.name}, {transport}"), running(wrapper, transport) as run:
        own = trio.run(isolation.has_own_child, run)
    return own


def _cell(stood: dict[str, bool]) -> str:
    if not stood:
        return "–"
    if len(set(stood.values())) == 1:
        return "yes" if all(stood.values()) else "**no**"
    return ", ".join(f"{'yes' if one else '**no**'} ({transport})" for transport, one in stood.items())
