"""The command line: what it says, and how it ends. Real processes on free ports."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from mapsrv import __version__
from mapsrv.config import Config, parse
from mapsrv.demo import client
from mapsrv.errors import StartupError
from mapsrv.local import start
from mapsrv.local.greeting import greeting
from mapsrv.local.own_command import own_command
from mapsrv.wire import connect
from tests.e2e.kit.server import running, wait_until

COMMAND = [sys.executable, "-m", "mapsrv"]
SECONDS = 20


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "MAPSRV_DATA_DIR": str(folder), **more}


def refused(folder: Path, *flags: str) -> str:
    """Return the one sentence with which a command ends that cannot be carried out."""
    ended = subprocess.run(
        [*COMMAND, *flags], env=environment(folder), capture_output=True, text=True, timeout=SECONDS
    )
    assert ended.returncode == 1, ended
    told = [line for line in ended.stderr.splitlines() if line.startswith("mapsrv: ")]
    assert "Traceback" not in ended.stderr and len(told) == 1, ended.stderr
    return told[0]


@contextmanager
def serving(folder: Path, *flags: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a server started as a person does, and what it has printed."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *flags],
        env=environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines = []
            while not lines or not lines[-1].startswith("Ctrl-C"):
                lines.append(process.stdout.readline())
                assert lines[-1], process.communicate()[1]
            yield process, "".join(lines)
        finally:
            process.kill()


def test_the_version_is_told() -> None:
    said = subprocess.run(
        [*COMMAND, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert said.stdout == f"mapsrv {__version__}\n"


def test_it_prints_where_it_is_and_how_to_connect(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-open") as (_, said):
        found = re.search(r"^mapsrv is at (http://127\.0\.0\.1:\d+)/$", said, re.MULTILINE)
        assert found, said
        assert f"Maps are kept in {tmp_path}/maps.sqlite\n" in said
        desktop = json.loads(said[said.index("{") :].splitlines()[0])["mcpServers"]["mapsrv"]
        assert Path(desktop["command"]).is_absolute() and "stdio" in desktop["args"]
        assert desktop["args"][-2:] == [
            "--data-dir",
            str(tmp_path),
        ]  # or its stdio would not find this server
        assert f"claude mcp add --scope user mapsrv -- {desktop['command']} " in said
        assert said.count("http://") == 1, "an address is told once, and the lines to paste need none"


def test_it_says_which_line_to_take_and_what_to_say_then_in_the_words_of_the_page() -> None:
    own = parse(["--data-dir", "/maps"], {})
    said = greeting(own, "http://127.0.0.1:8081", "http://127.0.0.1:8081/").splitlines()
    code, desktop, other = connect.steps("own", command=own_command(own))
    assert said[2:8] == [
        connect.words()["take"],
        f"{code.client}. {code.where}",
        f"  {code.texts[0]}",
        f"{desktop.client}. {desktop.where}",
        f"  {desktop.texts[0]}",
        f"{other.client}. {other.where.removesuffix(':')}.",
    ]
    assert said[8] == f"{connect.words()['then']} {connect.words()['say']}"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path, how: signal.Signals) -> None:
    with serving(tmp_path, "--no-open") as (process, _):
        assert (tmp_path / "server.json").exists()
        process.send_signal(how)
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode in (0, 130) and "Traceback" not in errors
        assert not (tmp_path / "server.json").exists()


def test_it_opens_the_browser_unless_told_not_to(tmp_path: Path) -> None:
    links, script = tmp_path / "links", tmp_path / "browser"
    script.write_text(f"#!{sys.executable}\nimport sys\nopen({str(links)!r}, 'a').write(sys.argv[1])\n")
    script.chmod(0o755)
    with serving(tmp_path, BROWSER=str(script)) as (_, said):
        wait_until(lambda: links.exists() and links.read_text())
        page = Path(urlsplit(links.read_text()).path)
        assert page.parent == tmp_path and page.stat().st_mode & 0o777 == 0o600
        found = re.search(r"^mapsrv is at (\S+)$", said, re.MULTILINE)
        assert found and "#" not in found[1], "what is not a terminal may be a log"
        assert f"url={found[1]}#front=" in page.read_text()
    links.unlink()
    with serving(tmp_path, "--no-open", BROWSER=str(script)) as (process, _):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
    assert not links.exists()


def test_on_a_terminal_the_address_is_by_a_token(tmp_path: Path) -> None:
    """Also with --no-open, and where there is no browser: there it is the only one."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, "--port", "0", "--no-open"]
    with subprocess.Popen(command, env=environment(tmp_path), stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            said = ""
            while "Ctrl-C" not in said:
                said += os.read(ours, 65536).decode()
            found = re.search(r"mapsrv is at (http://\S+)/#front=(\S+)", said)
            assert found, said
            assert "#front" not in said.partition(found[0])[2], "what is pasted elsewhere has no token"
            answers = [httpx2.post(f"{found[1]}/front", json={"token": found[2]}) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [200, 422]
        finally:
            process.kill()
            os.close(ours)


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = refused(tmp_path, "--no-open", "--port", port)
    assert port in said and "--port" in said


def test_a_port_that_is_taken_is_told_with_the_mapsrv_that_has_it(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.process is not None
        own = refused(tmp_path, "--no-open", "--port", str(server.port))
        assert f"process {server.process.pid}" in own and f"open {server.url}/ " in own
        other = refused(tmp_path / "other", "--no-open", "--port", str(server.port))
        assert f"another mapsrv, at {server.url}/," in other and "process" not in other


@pytest.mark.parametrize(
    ("command", "told", "not_told"),
    [
        (
            "demo",
            {"--transport", "--url", "--session", "--pace", "--data-dir", "--open"},
            {"--port", "--rates"},
        ),
        ("stdio", {"--no-files", "--port"}, {"--pace"}),
        ("serve", {"--port", "--rates"}, {"--pace", "--no-files"}),
    ],
)
def test_the_help_of_a_command_tells_its_own_flags_alone(
    command: str, told: set[str], not_told: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([command, "--help"], {})
    flags = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    assert ended.value.code == 0 and told <= flags and not not_told & flags
    if command == "demo":
        assert flags == told | {"--help", "--version", "--no-open"}


def test_a_store_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a file, and no folder")
    said = refused(
        tmp_path, "--no-open", "--port", "0", "--store", f"sqlite:{tmp_path}/notes.txt/maps.sqlite"
    )
    assert str(tmp_path) in said and "--store" in said


def test_a_second_server_of_a_folder_is_told_of_the_first(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.process is not None
        said = refused(tmp_path, "--no-open", "--port", "0")
        assert server.url in said and f"process {server.process.pid}" in said
        # And the first one's announcement is still there.
        assert json.loads((tmp_path / "server.json").read_text())["pid"] == server.process.pid


def test_a_second_server_with_its_own_store_leaves_the_announcement_alone(tmp_path: Path) -> None:
    with running(tmp_path) as server, serving(tmp_path, "--no-open", "--store", "memory:") as (process, said):
        assert "Maps are kept in memory only" in said
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
        assert json.loads((tmp_path / "server.json").read_text())["url"] == server.url


def test_a_page_that_is_not_built_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mapsrv import __main__ as command

    async def unbuilt(config: Config) -> None:  # noqa: ASYNC124 (what a command is)
        raise BaseExceptionGroup(
            "a nursery's", [StartupError("The page is not built: install mapsrv again.")]
        )

    before = command.COMMANDS["serve"]
    command.COMMANDS["serve"] = unbuilt
    try:
        assert command.main(["--no-open"]) == 1
    finally:
        command.COMMANDS["serve"] = before
    assert capsys.readouterr().err == "mapsrv: The page is not built: install mapsrv again.\n"


def test_what_is_no_refusal_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from mapsrv import __main__ as command

    async def broken(config: Config) -> None:  # noqa: ASYNC124 (what a command is)
        raise RuntimeError("a bug")

    monkeypatch.setitem(command.COMMANDS, "serve", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        command.main(["--no-open"])


def test_hosts_are_given_the_full_path_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "mapsrv"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(sys, "argv", ["mapsrv"])
    own = parse([], {})
    assert own_command(own) == [str(program), "stdio"]
    assert f"claude mcp add --scope user mapsrv -- {program} stdio\n" in greeting(own, "http://h:1", "")
    monkeypatch.setattr(sys, "argv", ["somewhere/__main__.py"])
    assert own_command(own)[1:] in (["stdio"], ["-m", "mapsrv", "stdio"])
    assert Path(own_command(own)[0]).is_absolute()


def test_a_started_server_gets_the_settings_of_who_started_it(tmp_path: Path) -> None:
    told = [
        "stdio",
        "--port",
        "9000",
        "--max-data",
        "2MiB",
        "--store",
        "sqlite:here.sqlite",
        "--session-idle",
        "2h",
    ]
    asked = parse([*told, "--allowed-host", "a.example", "--data-dir", str(tmp_path)], {})
    got = parse(start.arguments(asked), start.environment(asked))
    for name in ("port", "max_data", "session_idle", "allowed_host", "data_dir", "max_streams", "log_level"):
        assert getattr(got, name) == getattr(asked, name)
    assert got.store == f"sqlite:{Path.cwd()}/here.sqlite"
    assert (got.command, got.open, got.any_port, got.idle_exit) == ("serve", False, True, 600)


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_no_command_line_of_a_started_process_holds_a_password(by: str) -> None:
    store = "redis://ana:geheim@127.0.0.1/0"
    flags, variables = (["--store", store], {}) if by == "flag" else ([], {"MAPSRV_STORE": store})
    for command, words in (("stdio", start.arguments), ("demo", client.arguments)):
        asked = parse([command, *flags], variables)
        assert not any("geheim" in word for word in words(asked))
        assert parse(words(asked), start.environment(asked)).store == store


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads a command line as other users can")
def test_other_users_cannot_read_the_password_of_a_server_that_stdio_started(tmp_path: Path) -> None:
    asked = parse(["stdio", "--data-dir", str(tmp_path)], {"MAPSRV_STORE": "redis://:geheim@127.0.0.1:1/0"})
    process, _log = start._spawn(asked)
    try:
        wait_until(lambda: b"serve" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        assert b"geheim" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    finally:
        process.kill()
        process.wait()


def test_in_our_image_it_is_told_how_it_is_reached_from_outside_and_no_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAPSRV_IMAGE", "1")
    url = "http://127.0.0.1:9000"
    for store, kept in (("sqlite:/data/m.sqlite", "of its volume"), ("memory:", "in memory only")):
        said = greeting(parse(["--store", store], {}), url, f"{url}/#front=token")
        assert kept in said and "/data" not in said and "stdio" not in said and "token" not in said
        assert "http://localhost:9000/mcp" in said and "-p 9000:9000" in said
    said = greeting(parse(["--public-url", "https://maps.example.org"], {}), url, url)
    assert "https://maps.example.org/mcp" in said and "localhost" not in said


def test_a_redis_password_is_not_told() -> None:
    said = greeting(parse(["--store", "redis://ana:geheim@127.0.0.1/0"], {}), "http://127.0.0.1:8081", "")
    assert "geheim" not in said and "in Redis" in said
