"""Child processes: what they say arrives, and nothing of them is left, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from mapsrv.bridge.children import launcher
from mapsrv.bridge.children.child import MAX_LINE, Child, start_child
from mapsrv.bridge.children.command import Command
from mapsrv.bridge.children.exit_status import ChildEnded

ECHO = "import sys\nfor line in sys.stdin: print(line.strip().upper(), flush=True)"


def python(program: str, **more: object) -> Command:
    words = [sys.executable, "-u", "-c", textwrap.dedent(program)]
    return Command("the test's server", words, {"PATH": os.environ["PATH"]}, **more)  # type: ignore[arg-type]


class Heard:
    def __init__(self) -> None:
        self.lines: list[bytes] = []

    async def until(self, count: int) -> list[bytes]:
        with trio.fail_after(20):
            while len(self.lines) < count:  # noqa: ASYNC110 (another process)
                await trio.sleep(0.01)
        return self.lines


@asynccontextmanager
async def running(command: Command) -> AsyncIterator[tuple[Child, Heard]]:
    heard = Heard()
    async with trio.open_nursery() as nursery:
        child = start_child(command)
        nursery.start_soon(child.run, heard.lines.append)
        yield child, heard
        nursery.cancel_scope.cancel()


async def ended(child: Child) -> ChildEnded:
    with trio.fail_after(20):
        while child.ended is None:  # noqa: ASYNC110 (another process)
            await trio.sleep(0.01)
    return child.ended


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_lines_go_in_and_come_out():
    async with running(python(ECHO)) as (child, heard):
        for number in range(200):
            await child.send(b"line %d" % number)
        assert await heard.until(200) == [b"LINE %d" % number for number in range(200)]
        assert child.memory > 1_000_000
    assert not alive(child.pid)
    with pytest.raises(ChildEnded):
        await child.send(b"more")


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("raise SystemExit(3)", "exit code was 3"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
        (
            "import sys; print('no config', file=sys.stderr); sys.exit(1)",
            "exit code was 1. It said last: no config",
        ),
        ("import os, time; os.close(1); time.sleep(60)", "closed its stdout"),
    ],
)
async def test_how_it_ended_is_told(program, how):
    async with running(python(program)) as (child, _heard):
        assert how in (await ended(child)).for_log
        with pytest.raises(ChildEnded):
            await child.send(b"more")


@pytest.mark.parametrize("tell", [True, False])
async def test_its_last_words_are_for_the_log_and_for_who_may_be_told_them(tell):
    program = "import sys; print('DB_PASSWORD=1234', file=sys.stderr); sys.exit(1)"
    async with running(python(program, tell_stderr=tell)) as (child, _heard):
        error = await ended(child)
        assert ("1234" in error.message) is tell and "exit code was 1" in error.message
        assert error.for_log.count("1234") == 1


@pytest.fixture(params=["util-linux", "launch.py"])
def launched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start children in either way."""
    if request.param == "launch.py":
        monkeypatch.setattr(launcher, "_tools", lambda: (None, None))
    else:
        assert None not in launcher._tools(), "util-linux is needed here"


async def test_one_that_cannot_be_started_says_why(launched):
    command = Command("none", ["/no/such/program"], {})
    async with running(command) as (child, _heard):
        message = (await ended(child)).for_log
        assert "/no/such/program" in message and "exit code was 127" in message


async def test_a_line_that_is_too_long_ends_it():
    async with running(python(f"print('x' * {MAX_LINE + 1}); import time; time.sleep(60)")) as (child, heard):
        assert "a line of more than 4,194,304 bytes" in (await ended(child)).message
    assert not heard.lines and not alive(child.pid)


async def test_it_dies_with_whoever_started_it(launched):
    program = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n)); print(n.value)"
    async with running(python(program)) as (_child, heard):
        assert await heard.until(1) == [str(signal.SIGKILL.value).encode()]


async def test_its_environment_is_what_it_was_given_and_its_bounds_hold(launched):
    program = "import os, resource; print(sorted(os.environ), resource.getrlimit(resource.RLIMIT_NOFILE))"
    async with running(python(program, limits={"NOFILE": 99})) as (_child, heard):
        [line] = await heard.until(1)
        assert line.endswith(b"(99, 99)") and b"PATH" in line and b"HOME" not in line


STUBBORN = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1); time.sleep(999)"
    other = subprocess.Popen([sys.executable, "-uc", deaf], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    other.stdout.read(1)
    print(other.pid, flush=True)
    time.sleep(999)
"""


async def test_one_that_ignores_everything_goes_with_all_that_it_started():
    async with running(python(STUBBORN)) as (child, heard):
        other = int((await heard.until(1))[0])
        assert alive(child.pid) and alive(other)
    assert not alive(child.pid) and not alive(other)


async def test_one_that_ends_by_itself_leaves_nothing_behind():
    program = """
        import subprocess, sys
        sleep = [sys.executable, "-c", "import time; time.sleep(999)"]
        other = subprocess.Popen(sleep, stdout=subprocess.DEVNULL)
        print(other.pid, flush=True)
    """
    async with running(python(program)) as (child, heard):
        other = int((await heard.until(1))[0])
        await ended(child)
        with trio.fail_after(10):
            while alive(other):  # noqa: ASYNC110 (another process)
                await trio.sleep(0.01)


async def test_no_file_stays_open_when_many_have_ended():
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(start_child(python("pass")).run, lambda line: None)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_it_dies_with_the_bridge(tmp_path: Path) -> None:
    program = """
        import sys, trio
        from mapsrv.bridge.children.child import start_child
        from mapsrv.bridge.children.command import Command
        words = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(999)"]
        async def main():
            await start_child(Command("x", words, {})).run(lambda line: print(line.decode(), flush=True))
        trio.run(main)
    """
    words = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as bridge:
        assert bridge.stdout
        pid = int(bridge.stdout.readline())
        assert alive(pid)
        bridge.send_signal(signal.SIGKILL)
        bridge.wait()

    for _ in range(500):
        if not alive(pid):
            return
        time.sleep(0.02)
    raise AssertionError("it lives on")


def test_what_its_child_started_dies_with_a_killed_bridge_too() -> None:
    program = """
        import subprocess, sys, trio
        from mapsrv.bridge.children.child import start_child
        from mapsrv.bridge.children.command import Command
        from mapsrv.bridge.children.reaper import open_reaper
        sleep = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(999)"
        start = f"subprocess.Popen([sys.executable, '-c', {sleep!r}])"
        child = f"import subprocess, sys; print({start}.pid, flush=True); input()"
        async def main():
            with open_reaper() as guard:
                words = [sys.executable, "-c", child]
                run = start_child(Command("x", words, {}), guard).run
                await run(lambda line: print(line.decode(), flush=True))
        trio.run(main)
    """
    words = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as bridge:
        assert bridge.stdout
        pid = int(bridge.stdout.readline())
        assert alive(pid)
        bridge.kill()
        bridge.wait()
        deadline = time.monotonic() + 20
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not alive(pid)
