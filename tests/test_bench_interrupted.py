"""A bench that is interrupted leaves no process behind, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.bench import load_tool
from tests.bridge.kit import proc
from tests.e2e.kit.server import wait_until
from tests.store.kit.valkey import die_with_parent

BENCH = ["-m", "tests.bench", "fanout", "--viewers", "1", "--seconds", "60", "--no-rivals"]
START_SECONDS, END_SECONDS = 60.0, 60.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells who runs")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_bench_leaves_no_process(number: signal.Signals) -> None:
    if load_tool.compiler() is None and not os.environ.get("CI"):
        pytest.skip("there is no C compiler")
    with subprocess.Popen(die_with_parent([sys.executable, *BENCH]), stdout=-3, stderr=-3) as bench:
        try:

            def loaded() -> set[int]:
                """Return the server and who loads it; a look at /proc may miss one that just starts."""
                assert bench.poll() is None
                found = proc.below(bench.pid)
                return found if len(found) >= 2 and found & proc.named("mapsrv-load-") else set()

            started = wait_until(loaded, START_SECONDS)
            bench.send_signal(number)
            assert bench.wait(END_SECONDS) != 0
            wait_until(lambda: not {pid for pid in started if os.path.exists(f"/proc/{pid}")}, END_SECONDS)
        finally:
            bench.kill()
