"""Debian's Prometheus on a free port, which scrapes servers each second, and its promtool."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.e2e.kit.server import NO_TLS, START_SECONDS, Server, wait_until
from tests.kit.ports import free_port
from tests.store.kit.valkey import die_with_parent

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: mapsrv
    static_configs: [{{targets: [{targets}]}}]
"""


def binary(name: str) -> str:
    """Return where one of its programs is; skips the test, with CI set fails it, where it is not."""
    found = shutil.which(name)
    if found is None:
        why = f"no {name}: install Debian's prometheus to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return found


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running one."""

    url: str

    def sum(self, query: str) -> float:
        """Return the sum of what a query finds; 0 where it finds nothing."""
        answer = httpx2.get(f"{self.url}/api/v1/query", params={"query": f"sum({query})"}, verify=NO_TLS)
        found = answer.raise_for_status().json()["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0


@contextmanager
def scraping(folder: Path, servers: Sequence[Server]) -> Iterator[Prometheus]:
    """Run it; all servers were scraped when this yields."""
    program, port = binary("prometheus"), free_port()
    folder.mkdir()
    config = folder / "prometheus.yml"
    targets = ", ".join(f'"127.0.0.1:{server.port}"' for server in servers)
    config.write_text(CONFIG.format(targets=targets))
    words = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    words += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(die_with_parent(words), stdout=log, stderr=log)
    try:
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        wait_until(lambda: process.poll() is not None or _scraped(prometheus, len(servers)), START_SECONDS)
        assert process.poll() is None, (folder / "log.txt").read_text()
        yield prometheus
    finally:
        process.kill()
        process.wait()


def _scraped(prometheus: Prometheus, count: int) -> bool:
    try:
        return prometheus.sum("up") == count
    except httpx2.HTTPError:
        return False


def check(text: str) -> str:
    """Return what promtool finds wrong with metrics: nothing, it is hoped."""
    words = [binary("promtool"), "check", "metrics"]
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr
