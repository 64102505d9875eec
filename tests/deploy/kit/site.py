"""What deploy/ runs without a cluster, for real: its nginx, two mapsrv, and the StatefulSet's Valkey.

The nginx has deploy/nginx's own files. Only what is of the machine is put in their place: addresses, ports,
folders and the certificate.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.deploy.kit.kustomize import ROOT, container
from tests.e2e.kit import nginx
from tests.e2e.kit.server import Server, running, wait_until
from tests.kit.ports import free_port
from tests.store.kit import valkey

FILES = ROOT / "deploy" / "nginx"
NAME = "maps.example.com"
PASSWORD = "abc123"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass
class Site:
    """All that runs. `url` is what people type; `trust` knows its certificate, by the name of localhost."""

    folder: Path
    pods: list[Server]
    redis: valkey.Server
    http: int
    https: int
    trust: ssl.SSLContext
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    @property
    def access_log(self) -> str:
        return (self.folder / "access.log").read_text()

    @property
    def error_log(self) -> str:
        return (self.folder / "error.log").read_text() + (self.folder / "start.log").read_text()

    def reload(self) -> None:
        """Have nginx read its files anew, and its workers end when they have nothing left to do."""
        self.process.send_signal(signal.SIGHUP)


def valkey_options(folder: Path, port: int) -> list[str]:
    """Return the arguments of the StatefulSet, with this folder, port and password."""
    pod = container((), "StatefulSet", "redis")
    assert pod["command"] == ["valkey-server"]
    here = {"/data": str(folder), "6379": str(port), "$(REDISCLI_AUTH)": PASSWORD}
    return [here.get(word, word) for word in pod["args"]]


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate as the head of compose.yaml does, and return who believes it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        why = "no openssl: install Debian's to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run(command, check=True, capture_output=True)
    return ssl.create_default_context(cafile=str(folder / "tls.crt"))


def write_config(site: Site) -> Path:
    """Write deploy/nginx's two files for this machine; return the one to start with."""
    folder, inner = site.folder, (FILES / "mapsrv.conf").read_text()
    for name, pod in zip(("mapsrv-a", "mapsrv-b"), site.pods, strict=True):
        inner = put(inner, f"server {name}:8081", f"server 127.0.0.1:{pod.port}")
    inner = put(inner, "listen 80;", f"listen 127.0.0.1:{site.http};")
    inner = put(inner, "listen 443 ssl", f"listen 127.0.0.1:{site.https} ssl")
    inner = re.sub(r"^ +listen \[::\].*\n", "", inner, flags=re.MULTILINE)  # not every machine has IPv6
    inner = put(inner, "/etc/nginx/tls/", f"{folder}/").replace("/var/log/nginx/", f"{folder}/")
    inner = put(inner, f"server_name {NAME};", "server_name localhost;")
    (folder / "mapsrv.conf").write_text(inner)
    outer = put((FILES / "nginx.conf").read_text(), "/etc/nginx/conf.d/mapsrv.conf", f"{folder}/mapsrv.conf")
    outer = put(outer, "/tmp/nginx.pid", f"{folder}/nginx.pid")
    own = "".join(f"    {name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    outer = put(outer, "http {\n", f"http {{\n{own}")
    (folder / "nginx.conf").write_text(outer)
    return folder / "nginx.conf"


def put(text: str, old: str, new: str) -> str:
    assert old in text, f"deploy/nginx says no longer {old!r}"
    return text.replace(old, new)


def command(site: Site, *words: str) -> list[str]:
    config = str(site.folder / "nginx.conf")
    start = str(site.folder / "start.log")
    return [nginx.binary(), "-p", str(site.folder), "-e", start, "-c", config, *words]


@contextmanager
def running_site(folder: Path, *flags: str) -> Iterator[Site]:
    """Run all of it; both pods answer through nginx when this yields."""
    nginx.binary()  # or the test is skipped before anything starts
    port, http, https = free_port(), free_port(), free_port()
    with ExitStack() as stack:
        (folder / "redis").mkdir()
        options = valkey_options(folder / "redis", port)
        redis = stack.enter_context(valkey.running(folder / "redis", *options, port=port))
        ours = ("--store", f"redis://:{PASSWORD}@127.0.0.1:{port}/0", "--trusted-proxies", "127.0.0.1")
        ours += ("--public-url", f"https://localhost:{https}", *flags)
        pods = []
        for name in ("a", "b"):
            (folder / name).mkdir()
            pods.append(stack.enter_context(running(folder / name, *ours)))
        site = Site(folder / "nginx", pods, redis, http, https, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        site.folder.mkdir()
        site.trust = certificate(site.folder)
        write_config(site)
        with _nginx(site):
            yield site


@contextmanager
def _nginx(site: Site) -> Iterator[None]:
    # Its workers must come to the tests' folder, which is its owner's alone.
    user = "user root; " if os.geteuid() == 0 else ""
    words = valkey.die_with_parent(command(site, "-g", f"{user}daemon off;"))
    site.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (site.folder / "nginx.pid").exists() or site.process.poll() is not None)
        assert site.process.poll() is None, site.error_log
        yield
    finally:
        site.process.terminate()
        try:
            site.process.wait(10)
        finally:
            site.process.kill()
            site.process.wait()
