"""Debian's nginx before one or several servers, round robin: plain, or one that says for whom it asks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.e2e.kit.server import NO_TLS, Server, wait_until
from tests.kit.ports import free_port
from tests.store.kit.valkey import die_with_parent

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 16384; }}
http {{
    log_format upstream '$upstream_addr';
    access_log {folder}/access.log upstream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_read_timeout 1h;
    map $cookie_route $route {{ "" $request_id; default $cookie_route; }}
    upstream pods {{ {affinity} {pods} keepalive 32; }}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""

PLAIN = """
location / {{
    proxy_pass http://pods;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_connect_timeout 2s;
    proxy_next_upstream error timeout http_502 http_503 non_idempotent;
    {cookie}
}}
"""

# The client's address is what the tests need several of: nginx believes it of them, as of a load balancer
# before it, and passes on what it believes by $remote_addr.
FORWARDING = """
set_real_ip_from 127.0.0.1;
real_ip_header X-Test-Client;
location {prefix}/ {{
    proxy_pass http://pods/;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Prefix "{prefix}";
}}
"""


@dataclass
class Proxy:
    """A running nginx; `url` is what clients are told."""

    url: str
    folder: Path

    @property
    def by_port(self) -> Counter[int]:
        """How many requests each port answered, as the last of those that were tried."""
        lines = (self.folder / "access.log").read_text().split("\n")
        return Counter(int(line.rpartition(":")[2]) for line in lines if line)

    @property
    def log(self) -> str:
        return (self.folder / "error.log").read_text()


def binary() -> str:
    """Return where nginx is; skips the test, with CI set fails it, where it is not."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        why = "no nginx: install Debian's nginx-light to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return found


def round_robin(
    folder: Path, servers: Sequence[Server], sticky: bool = False
) -> AbstractContextManager[Proxy]:
    """Run a plain one before these; with `sticky` a cookie keeps who bears it at one of them."""
    cookie = "add_header Set-Cookie route=$route;" if sticky else ""
    affinity = "hash $route consistent;" if sticky else ""
    return _running(folder, servers, PLAIN.format(cookie=cookie), affinity)


def forwarding(folder: Path, servers: Sequence[Server], prefix: str = "") -> AbstractContextManager[Proxy]:
    """Run one that says for whom it asks: X-Test-Client is whom it takes for its peer."""
    return _running(folder, servers, FORWARDING.format(prefix=prefix), prefix=prefix)


@contextmanager
def _running(
    folder: Path, servers: Sequence[Server], server: str, affinity: str = "", prefix: str = ""
) -> Iterator[Proxy]:
    """Run nginx before these; it answers when this yields."""
    port, program = free_port(), binary()
    folder.mkdir()
    folder.chmod(0o755)  # its worker is another user
    # Without max_fails=0 a 503 to one request takes the pod from all others for 10 s; two, and all are 502.
    pods = " ".join(f"server 127.0.0.1:{server.port} max_fails=0;" for server in servers)
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, pods=pods, port=port, server=server, affinity=affinity))
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    process = subprocess.Popen(die_with_parent(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        proxy = Proxy(f"http://127.0.0.1:{port}{prefix}", folder)
        wait_until(lambda: _answers(proxy.url) or process.poll() is not None)
        assert process.poll() is None, proxy.log
        yield proxy
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", verify=NO_TLS, timeout=2).status_code == 200
    except httpx2.TransportError:
        return False
