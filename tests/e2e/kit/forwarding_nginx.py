"""Debian's nginx before one or several servers: a plain reverse proxy, round-robin, without stickiness."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.kit.server import START_SECONDS, wait_until
from tests.kit.ports import free_port
from tests.store.kit.valkey import die_with_parent

# The client's address is what the tests need several of: nginx believes it of them, as of a load balancer
# before it, and passes on what it believes by $remote_addr.
CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream pods {{ {pods} keepalive 32; }}
    server {{
        listen 127.0.0.1:{port};
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Test-Client;
        location {prefix}/ {{
            proxy_pass http://pods/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host:$server_port;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Prefix "{prefix}";
            proxy_buffering off;
        }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, *ports: int, prefix: str = "") -> Iterator[str]:
    """Run it before servers on these ports; yield its base URL. X-Test-Client is whom it takes for its peer.

    Skips, or fails where CI is set, on a machine that has none.
    """
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        why = "nginx is not installed: apt-get install nginx"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    folder.mkdir()
    folder.chmod(0o755)  # its worker may be another user
    port, pods = free_port(), " ".join(f"server 127.0.0.1:{one};" for one in ports)
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, pods=pods, prefix=prefix))
    words = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    with subprocess.Popen(die_with_parent(words), stdin=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: process.poll() is not None or _listens(port), START_SECONDS)
            assert process.poll() is None, (folder / "error.log").read_text()
            yield f"http://127.0.0.1:{port}{prefix}"
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
