"""What a command costs Redis: operations, bytes and microseconds, one by one and when a pod is loaded."""

from __future__ import annotations

import re
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass

import trio

from tests.bench.commands import fill
from tests.bench.machine import cpu_seconds
from tests.bench.options import Options
from tests.bench.pods import MAKES, Pod, open_redis
from tests.bench.report import Cell, Table, times
from tests.bench.talk import post, rate
from tests.store.kit import valkey

TALKERS = (1, 64)  # connections

COLUMNS = (
    "server, layers, connections",
    "commands/s",
    "a batch",
    "calls",
    "operations",
    "bytes in",
    "bytes out",
    "us in commands",
    "Redis CPU us",
    "a script's us",
)
NOTE = (
    "set_layer_paint on one layer of one map after the other; all but the first two columns are of one"
    " command, from INFO commandstats, INFO stats and Redis's own CPU. A commit is one call: a script,"
    " whose operations are counted too (19 for one event, five more for each further one of a batch)."
    " Bytes out are the answers and the publication, which the pod hears itself. Naive is Starlette on"
    " uvicorn and redis-py, which SETs the whole map and PUBLISHes the op."
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What Redis has done since it began."""

    scripts: int
    script_us: float
    calls: int
    operations: int
    us: float
    received: int
    sent: int
    cpu: float

    @classmethod
    def read(cls, redis: valkey.Server) -> Spent:
        """Ask it."""
        stats = re.findall(r"cmdstat_(\S+?):calls=(\d+),usec=(\d+)", redis.do("INFO", "commandstats"))
        called = {name: (int(calls), int(us)) for name, calls, us in stats}
        scripts, script_us = called.get("evalsha", (0, 0))
        plain = sum(number for name, (number, _us) in called.items() if name in OUTSIDE)
        inside = sum(number for number, _us in called.values()) - scripts
        # The time of a script holds that of its operations.
        us = script_us or sum(us for name, (_calls, us) in called.items() if name in OUTSIDE)
        facts = redis.do("INFO", "stats")
        received, sent = (int(_fact(facts, f"total_net_{way}put_bytes")) for way in ("in", "out"))
        cpu = cpu_seconds(redis.process.pid)
        return cls(scripts, script_us, scripts + (0 if scripts else plain), inside, us, received, sent, cpu)


OUTSIDE = ("get", "set", "publish")  # what the naive design calls


def _fact(text: str, name: str) -> str:
    found = re.search(rf"^{name}:(\S+)", text, re.MULTILINE)
    assert found, f"INFO has no {name}"
    return found[1]


def batches(port: int) -> tuple[float, float]:
    """Return how many events and batches a mapsrv has committed."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    values = [
        re.search(rf"^mapsrv_batch_events_{word} (\S+)", text, re.MULTILINE) for word in ("sum", "count")
    ]
    events, count = (float(found[1]) if found else 0.0 for found in values)
    return events, count


async def _measure(
    pod: Pod, name: str, redis: valkey.Server, layers: int, talkers: int, options: Options
) -> list[Cell]:
    path = f"/commands?session={name}"
    await fill(pod.port, path, layers)
    ours = not name.startswith("map-")
    begun = Spent.read(redis), batches(pod.port) if ours else (0.0, 0.0)
    done = 0

    def paint(number: int, person: int) -> bytes:
        nonlocal done
        done += 1
        width = (number // layers) % 7919 / 10 + 0.1 * (number % 5)
        arguments = {"layer_id": f"layer-{number % layers}", "properties": {"circle-radius": round(width, 1)}}
        return post(pod.port, path, {"command": "set_layer_paint", "arguments": arguments}, person=person)

    found = await rate(pod.port, paint, talkers, options.seconds)
    was, now = begun[0], Spent.read(redis)
    events, count = batches(pod.port) if ours else (0.0, 0.0)
    scripts = now.scripts - was.scripts
    return [
        found.a_second,
        (events - begun[1][0]) / (count - begun[1][1]) if ours else None,
        (now.calls - was.calls) / done,
        (now.operations - was.operations) / done,
        (now.received - was.received) / done,
        (now.sent - was.sent) / done,
        (now.us - was.us) / done,
        (now.cpu - was.cpu) / done * 1e6,
        (now.script_us - was.script_us) / scripts if scripts else None,
    ]


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("What a command costs Redis", COLUMNS, NOTE)
    for layers in sorted({options.layers[0], options.layers[-1]}):
        for talkers in TALKERS:
            found = []
            for kind in ("mapsrv", "naive") if options.rivals else ("mapsrv",):
                with ExitStack() as stack:
                    redis = stack.enter_context(open_redis())
                    pod = stack.enter_context(MAKES[kind](redis))
                    found.append(trio.run(_measure, pod, pod.new_map(), redis, layers, talkers, options))
                table.add(f"{kind}, {layers:,}, {talkers}", *found[-1])
            if len(found) == 2:
                pairs = zip(*found, strict=True)
                table.add(
                    "ratio", *(times(float(a or 0), float(b or 0)) if a and b else None for a, b in pairs)
                )
    return table
