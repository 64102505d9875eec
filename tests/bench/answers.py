"""What a model waits for a page to show what it drew, and how much it is told: calls over MCP, one by one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import trio
from mcp import ClientSession

from tests.bench.load_tool import Broken
from tests.bench.options import Options
from tests.bench.peers.servers import Absent
from tests.bench.report import Table, percentile
from tests.bench.targets import mapsrv
from tests.e2e.conftest import CHROMIUM, chromium, opened
from tests.e2e.kit.elsewhere import serving
from tests.e2e.kit.server import Server, client

ROUNDS = 50
POINTS = 100
SECONDS = 300.0  # for all calls of one server
LEARNS = 100  # calls until a page is known to report
COLUMNS = (
    "a call",
    "nobody watches p50 ms",
    "a page, not waited for p50 ms",
    "a page p50 ms",
    "its p99 ms",
    "bytes of text",
    "of fields",
)
NOTE = (
    "By the SDK's own client over /mcp, on SQLite; the page is a headless Chromium that draws by software and"
    " shares the machine with server and client. Not waited for is --wait-for-viewer 0. The address is on the"
    " same machine. Bytes are of the last answer, with a page; of tools/list those of the whole result. What"
    " judging styles costs is in all three, and stands alone in the table before."
)
Calls = list[tuple[str, dict[str, Any]]]


@dataclass(slots=True)
class Row:
    """What one kind of call took, in ms, and what its last answer has."""

    waits: list[float] = field(default_factory=list)
    text: int | None = None
    fields: int = 0


def points(number: int) -> dict[str, Any]:
    """Return data that differs from that of the number before."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [place % 20 - 10, place // 20 + number % 5]},
            "properties": {"size": place},
        }
        for place in range(POINTS)
    ]
    return {"type": "FeatureCollection", "features": features}


def calls(address: str) -> Mapping[str, Calls]:
    """Return the calls of each row."""
    numbers = range(ROUNDS)
    radii = [{"layer_id": "a", "property": "circle-radius", "value": 5 + n % 9} for n in numbers]
    filters = [{"layer_id": "a", "filter": [">", ["get", "size"], n]} for n in numbers]
    ours = [{"id": "b", "source": points(n)} for n in numbers]
    theirs = [{"id": "c", "source": f"{address}/{n}.geojson"} for n in numbers]
    return {
        "set_layer_paint": [("set_layer_paint", one) for one in radii],
        "filter_layer": [("filter_layer", one) for one in filters],
        "add_layer, data of ours": [("add_layer", one) for one in ours],
        "add_layer, an address": [("add_layer", one) for one in theirs],
        "get_map_state": [("get_map_state", {}) for _ in numbers],
    }


async def _until_asked(session: ClientSession, on: Mapping[str, Any]) -> None:
    """Draw until the page is asked: one that has not reported yet is not."""
    for number in range(LEARNS):
        paint = {"layer_id": "a", "property": "circle-radius", "value": 2 + number % 2}
        result = await session.call_tool("set_layer_paint", {**paint, **on})
        if "shown" in (result.structured_content or {}):
            return
        await trio.sleep(0.1)
    raise Broken("no page answered")


async def asked(server: Server, session_id: str, address: str, waits: bool) -> dict[str, Row]:
    """Return what each row took, and what its answers have."""
    found: dict[str, Row] = {}
    with trio.fail_after(SECONDS):
        async with client(server, "http") as session:
            on = {"session_id": session_id}
            await session.call_tool("add_layer", {"id": "a", "source": points(0), **on})
            if waits:
                await _until_asked(session, on)
            for name, made in calls(address).items():
                row = found[name] = Row()
                for tool, arguments in made:
                    begun = time.perf_counter()
                    result = await session.call_tool(tool, {**arguments, **on})
                    row.waits.append((time.perf_counter() - begun) * 1000)
                    if result.is_error:
                        raise RuntimeError(str(result.content))
                row.text = sum(len(item.text.encode()) for item in result.content if item.type == "text")
                row.fields = len(_compact(result.structured_content))
            found["tools/list"] = await _listed(session)
    return found


async def _listed(session: ClientSession) -> Row:
    row = Row()
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        result = await session.list_tools()
        row.waits.append((time.perf_counter() - begun) * 1000)
    row.fields = len(_compact(result.model_dump(mode="json", by_alias=True, exclude_none=True)))
    return row


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@contextmanager
def watched(server: Server, session_id: str) -> Iterator[None]:
    """Have a real browser show the map."""
    with chromium() as browser, browser.new_context() as context:
        opened(context.new_page(), f"{server.url}/?session={session_id}")
        yield


def at(flags: Sequence[str], page: bool, waits: bool) -> dict[str, Row]:
    """Return what asked() does, of a server of its own."""
    with serving(lambda path: _compact(points(len(path)))) as elsewhere, mapsrv(*flags) as server:
        session_id = server.new_map()
        server.command(session_id, "set_map_view", center=[0, 0], zoom=3)
        with watched(server, session_id) if page else nullcontext():
            return trio.run(asked, server, session_id, elsewhere.url, waits)


def measure(given: Options) -> Table:
    """Return the table."""
    if not CHROMIUM.exists():
        raise Absent(f"there is no browser at {CHROMIUM}")
    table = Table("What a tool call waits for a page", COLUMNS, NOTE)
    nobody, beside = at((), False, False), at(("--wait-for-viewer", "0"), True, False)
    for name, row in at((), True, True).items():
        medians = [percentile(one.waits, 0.5) for one in (nobody[name], beside[name], row)]
        table.add(name, *medians, percentile(row.waits, 0.99), row.text, row.fields)
    return table
