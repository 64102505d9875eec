"""What a line has, as JSON and on a terminal, whoever said it."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from mapsrv.logs import CURRENT, Request, note_session
from mapsrv.logs.form import FIRST, formatter
from mapsrv.logs.request import hashed
from tests.kit.log_lines import faults, parsed

NAME = "library.part"
PROGRAM = """
import logging, sys, threading, warnings
from mapsrv.logs import log_to_stderr
log_to_stderr("info", {form!r})
log_to_stderr("info", {form!r})
logging.getLogger("mapsrv.x").info("ours %d", 5, extra={{"count": 7}})
logging.getLogger("mapsrv.x").debug("not asked for")
logging.getLogger("library").warning("theirs")
logging.getLogger("library").info("not theirs")
{more}
"""


def line(text: str, *arguments: object, level: int = logging.INFO, exc_info: Any = None, **keys: Any) -> str:
    record = logging.LogRecord(NAME, level, __file__, 1, text, arguments, exc_info)
    record.created = 1789000000.25
    record.__dict__.update(keys)
    return formatter(is_console=False).format(record)


def run(form: str | None, more: str = "") -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(form=form, more=more)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


def test_a_line_begins_with_the_keys_that_all_have_and_its_time_is_utc() -> None:
    said = json.loads(line("store=%s", "away", reason="it is gone"))
    assert tuple(said) == (*FIRST, "reason")
    assert said == {
        "timestamp": "2026-09-10T00:26:40.250Z",
        "level": "info",
        "event": "store=away",
        "logger": NAME,
        "reason": "it is gone",
    }


def test_an_exception_is_in_its_line() -> None:
    try:
        raise ValueError("what went wrong")
    except ValueError:
        text = line("it failed", level=logging.ERROR, exc_info=sys.exc_info())
    assert "\n" not in text
    said = json.loads(text)
    assert "Traceback" in said["exception"] and "what went wrong" in said["exception"]


@pytest.mark.parametrize(
    ("value", "told"),
    [("\ud800", None), (b"\xff", None), (float("nan"), None), (2**70, None), ({1: object()}, None)]
    + [({"a": [1, None]}, {"a": [1, None]}), ("\x1b[31m\n", "\x1b[31m\n")],
)
def test_whatever_is_said_is_one_line_of_json(value: Any, told: Any) -> None:
    text = line("said %s", value, value=value)
    assert "\n" not in text and "\x1b" not in text
    said = json.loads(text)
    assert tuple(said)[:4] == FIRST and (told is None or said["value"] == told)


def test_lines_of_a_request_have_its_keys_and_a_map_by_a_hash_of_this_process() -> None:
    map_id = "an-id-that-opens-a-map"
    bound = CURRENT.set(Request("id5", "commands", "POST", "/commands", "192.0.2.1"))
    try:
        assert "session" not in json.loads(line("before it is known"))
        note_session(map_id)
        text = line("said")
    finally:
        CURRENT.reset(bound)
    said = json.loads(text)
    assert map_id not in text and re.fullmatch("[0-9a-f]{8}", said.pop("session"))
    assert list(said.items())[4:] == [
        ("request_id", "id5"),
        ("transport", "commands"),
        ("method", "POST"),
        ("route", "/commands"),
        ("client_ip", "192.0.2.1"),
    ]
    note_session(map_id)  # nobody's
    assert tuple(json.loads(line("after"))) == FIRST


def test_a_map_has_one_hash_in_a_process_and_another_in_the_next() -> None:
    assert hashed("a") == hashed("a") != hashed("b")
    program = "from mapsrv.logs.request import hashed; print(hashed('a'))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(told.stdout.strip()) == 8 and told.stdout.strip() != hashed("a")


@pytest.mark.parametrize("form", ["json", None])
def test_what_is_no_terminal_gets_json_of_ours_and_of_the_libraries_alike(form: str | None) -> None:
    ended = run(form, 'warnings.warn("a warning")')
    ours, theirs, warned = parsed(ended.stderr)
    assert (ours["event"], ours["count"], ours["logger"], ours["level"]) == ("ours 5", 7, "mapsrv.x", "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("theirs", "library", "warning")
    assert "a warning" in warned["event"] and warned["logger"] == "py.warnings"
    assert ended.returncode == 0 and ended.stdout == ""


def test_the_last_words_of_the_interpreter_are_lines_too() -> None:
    fails = "def fail():\n    raise ValueError('in a thread')\n"
    thread = "t = threading.Thread(target=fail); t.start(); t.join()\n"
    passed = "class Bad:\n    def __del__(self):\n        raise ValueError('at an end')\nBad()\n"
    ended = run("json", f"{fails}{thread}{passed}raise KeyError('a bug')")
    assert ended.returncode == 1 and faults(ended.stderr) == []
    told = [(said["level"], said.get("exception", "").splitlines()[-1:]) for said in parsed(ended.stderr)]
    assert told[2:] == [
        ("error", ["ValueError: in a thread"]),
        ("error", ["ValueError: at an end"]),
        ("critical", ["KeyError: 'a bug'"]),
    ]


def test_on_the_console_a_person_reads_lines_with_their_keys() -> None:
    ended = run("console")
    ours, theirs = ended.stderr.splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\S+Z \[info +\] ours 5 ", ours) and "count=7" in ours
    assert "theirs" in theirs and "library" in theirs and "\x1b" not in ended.stderr


def test_without_a_stderr_nothing_is_logged_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    more = "assert sys.stderr is None; print('goes on')"
    words = ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, PROGRAM.format(form=None, more=more)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "goes on\n", "")


def test_a_form_for_a_terminal_has_colours() -> None:
    record = logging.LogRecord(NAME, logging.INFO, __file__, 1, "said", (), None)
    assert "\x1b[" in formatter(is_console=True, colors=True).format(record)
    assert "\x1b[" not in formatter(is_console=True).format(record)
