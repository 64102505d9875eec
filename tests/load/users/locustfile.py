"""People and models at mapsrv, for locust: assistants over /sse and /mcp, and browsers on /events.

`python -m tests.load` runs it with servers of its own. By itself, at a server with --rates off:

    locust -f locustfile.py --headless -u 225 -r 25 -H http://127.0.0.1:8081 \\
        --sse 100 --mcp 25 --pages 100 --seconds 300 --maps FILE --folder FOLDER

FILE has an id of a map a line, which users take in turn, and FOLDER gets counted.json.
"""

from __future__ import annotations

import itertools
from argparse import ArgumentParser
from pathlib import Path

from assistants import HttpAssistant, SseAssistant
from browser import Browser
from locust import events
from locust.env import Environment
from window import Window

KINDS = {"sse": SseAssistant, "mcp": HttpAssistant, "pages": Browser}


@events.init_command_line_parser.add_listener
def options(parser: ArgumentParser) -> None:
    """Say what a run is told besides locust's own options."""
    for name in KINDS:
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--maps", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)


@events.init.add_listener
def begin(environment: Environment, **_more: object) -> None:
    """Make the run's users and its window known to each other."""
    given = environment.parsed_options
    for name, kind in KINDS.items():
        kind.fixed_count = getattr(given, name)
    environment.maps = itertools.cycle(given.maps.read_text().split())
    users = sum(kind.fixed_count for kind in KINDS.values())
    environment.window = Window(users, given.seconds, given.folder, lambda: environment.runner.quit())
    environment.events.request.add_listener(environment.window.count)
