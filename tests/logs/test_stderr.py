"""Lines on a descriptor that takes them, takes some, or takes none."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mapsrv.logs.flood import LINES, Flood
from mapsrv.logs.form import formatter
from mapsrv.logs.stderr import LEFT_OUT, LOST, StderrHandler
from tests.kit.clock import Clock

NAME = "mapsrv.test"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.set_blocking(read, False)
    yield read, write
    for end in (read, write):
        with suppress(OSError):
            os.close(end)


def handler_of(descriptor: int, clock: Clock) -> StderrHandler:
    handler = StderrHandler(descriptor, Flood(clock))
    handler.setFormatter(formatter(is_console=False))
    return handler


def say(
    handler: StderrHandler, text: str, *arguments: object, level: int = logging.INFO, **keys: Any
) -> None:
    record = logging.LogRecord(NAME, level, __file__, 1, text, arguments, None)
    record.__dict__.update(keys)
    handler.handle(record)


def lines(read: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in os.read(read, 1 << 20).splitlines()]


def test_a_line_is_written_whole_at_once(pipe: tuple[int, int], clock: Clock) -> None:
    handler = handler_of(pipe[1], clock)
    say(handler, "a line of %s\nin two", "words", count=5)
    [said] = lines(pipe[0])
    assert (said["event"], said["count"], said["logger"]) == ("a line of words\nin two", 5, NAME)


def test_what_is_left_out_is_told_with_the_next_line_by_whoever_asks_and_at_the_end(
    pipe: tuple[int, int], clock: Clock
) -> None:
    handler = handler_of(pipe[1], clock)

    def flood() -> None:
        for number in range(LINES + 20):
            say(handler, "event %d", number)
        assert [said["event"] for said in lines(pipe[0])][-1] == f"event {LINES - 1}"
        clock.now += 1.0

    flood()
    say(handler, "another")
    told, another = lines(pipe[0])
    assert (told["event"], told["of"], told["count"], told["level"]) == (LEFT_OUT, "event %d", 20, "info")
    assert told["logger"] == NAME and another["event"] == "another"
    flood()
    handler.tell_left_out()
    assert [said["count"] for said in lines(pipe[0])] == [20]
    handler.tell_left_out()
    flood()
    handler.close()
    assert [said["count"] for said in lines(pipe[0])] == [20]


def test_lines_that_a_full_pipe_does_not_take_are_counted_and_the_torn_one_is_ended(
    pipe: tuple[int, int], clock: Clock
) -> None:
    read, write = pipe
    handler = handler_of(write, clock)
    with suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * 4096)
    os.read(read, 4096)  # room for one page, which is less than the next line
    for number in range(7):
        say(handler, "lost %d " + "y" * 9000, number)
    taken = b""
    with suppress(BlockingIOError):
        while True:
            taken += os.read(read, 1 << 16)
    torn = taken.lstrip(b"x")
    assert torn.startswith(b'{"timestamp"') and not torn.endswith(b"\n"), "the system took a part"
    say(handler, "there is room again")
    begun, *rest = os.read(read, 1 << 16).splitlines()
    assert begun == b"", "so that the torn line ends"
    told, said = [json.loads(line) for line in rest]
    assert (told["event"], told["count"], told["level"]) == (LOST, 7, "warning")
    assert said["event"] == "there is room again"


@pytest.mark.parametrize("path", ["/dev/full"])
def test_a_full_disk_raises_nothing_and_says_nothing(
    path: str, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    if not os.path.exists(path):
        pytest.skip(f"there is no {path} here")
    descriptor = os.open(path, os.O_WRONLY)
    try:
        handler = handler_of(descriptor, clock)
        for number in range(5):
            say(handler, "event %d", number)
        handler.close()
    finally:
        os.close(descriptor)
    assert capfd.readouterr() == ("", "")


def test_a_reader_that_has_gone_raises_nothing(
    pipe: tuple[int, int], clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = handler_of(pipe[1], clock)
    os.close(pipe[0])
    for _ in range(3):
        say(handler, "event")
    assert capfd.readouterr() == ("", "")


def test_a_descriptor_that_was_closed_raises_nothing(tmp_path: Path, clock: Clock) -> None:
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    os.close(descriptor)
    handler = handler_of(descriptor, clock)
    say(handler, "event")
    handler.close()


def test_arguments_that_do_not_fit_cost_the_arguments_alone(pipe: tuple[int, int], clock: Clock) -> None:
    class Mute:
        def __repr__(self) -> str:
            raise ValueError("says nothing")

    handler = handler_of(pipe[1], clock)
    say(handler, "%d and %d", "one")
    say(handler, "what is %r", Mute())
    assert [said["event"] for said in lines(pipe[0])] == ["%d and %d", "what is %r"]


def test_a_line_that_cannot_be_made_is_lost_like_one_that_cannot_be_written(
    pipe: tuple[int, int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_record: logging.LogRecord) -> str:
        raise OSError("no descriptor to load it by")

    handler = handler_of(pipe[1], clock)
    with monkeypatch.context() as patch:
        patch.setattr(handler, "format", fail)
        say(handler, "one")
    say(handler, "two")
    assert [(said["event"], said.get("count")) for said in lines(pipe[0])] == [(LOST, 1), ("two", None)]
