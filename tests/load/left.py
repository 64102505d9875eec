"""What a load has left over in a server, by its own metrics and by Linux's /proc."""

from __future__ import annotations

import os
import re
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.targets import process_id
from tests.e2e.kit.server import Server

# Gauges of what is open: 0 where nobody is.
OPEN = ("mapsrv_sse_connections_active", "mapsrv_streams", "mapsrv_viewers", "mapsrv_sessions")
OPEN += ("mapsrv_bytes_in_flight",)
USER, STORE = "connection", "connection to the store"
ENDED = 'mapsrv_session_duration_seconds_count{transport="sse"}'  # MCP sessions over /sse that are over


@dataclass(frozen=True, slots=True)
class Before:
    """What a server has open while nobody is there, and how many MCP sessions had ended by then."""

    files: tuple[str, ...]
    ended: float

    @classmethod
    def of(cls, pod: Server) -> Before:
        """Look at a server."""
        # A connection of who asked whether it is ready may not be closed yet.
        return cls(tuple(one for one in files(pod) if one != USER), metrics(pod)[ENDED])


def metrics(pod: Server) -> dict[str, float]:
    """Return what a server tells of itself, by the series' names."""
    with urllib.request.urlopen(f"{pod.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(mapsrv_\S+) (\S+)$", text, re.MULTILINE)}


def files(pod: Server) -> list[str]:
    """Return what its process has open; of sockets and the like their kind alone.

    Connections to its Redis are not among them: they stay for the next who needs one.
    """
    pid, kinds, found = process_id(pod), _connections(pod), []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            leads = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue  # closed since
        found.append(kinds.get(leads, leads.partition(":[")[0]))
    return sorted(one for one in found if one != STORE)


def _connections(pod: Server) -> dict[str, str]:
    """Return whose each connection is, by its name in /proc: a user's, or the store's."""
    stores = {urlsplit(word).port for word in pod.flags if word.startswith("redis://")}
    kinds = {}
    for line in Path(f"/proc/{process_id(pod)}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        here, there = (int(fields[end].partition(":")[2], 16) for end in (1, 2))  # ADDRESS:PORT
        if there and (here == pod.port or there in stores):  # one that listens leads nowhere
            kinds[f"socket:[{fields[9]}]"] = USER if here == pod.port else STORE
    return kinds


def still_open(pods: Mapping[Server, Before], sessions: int) -> list[str]:
    """Return what the servers say is open, so many MCP sessions having been opened since."""
    found, left = [], float(sessions)
    for pod, before in pods.items():
        told = metrics(pod)
        left -= told[ENDED] - before.ended
        found += [f"{name} {told[name]:g}" for name in told if name.partition("{")[0] in OPEN and told[name]]
    # Less than none: a proxy that tries the other pod may have one session begun at each.
    return found + ([f"{left:g} MCP sessions"] if left > 0 else [])


def left_over(pods: Mapping[Server, Before], sessions: int) -> list[str]:
    """Return the same, and what their processes have open that they had not while nobody was there."""
    found = []
    for pod, before in pods.items():
        more = Counter(files(pod)) - Counter(before.files)
        found += [f"{count} more of {name}" for name, count in more.items()]
    return found + still_open(pods, sessions)  # which asks by connections, and so comes last
