"""The command line of the bridge: what may be said, what it answers, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
import trio

from mapsrv.bridge.servers_file import specs_of
from mapsrv.bridge.settings import BOUNDS, OPTIONS, Limits, Settings, parse
from mapsrv.bridge.specs import Spec, command_of
from mapsrv.config.parser import Option
from mapsrv.errors import StartupError
from tests.bridge.kit import proc
from tests.bridge.kit.client import open_session
from tests.bridge.kit.process import BRIDGE, CHILD, SECONDS, ask, bridge, refused

EXAMPLES = {
    "name": ("files", "files"),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("9000", 9000),
    "config": ("/tmp/servers.json", Path("/tmp/servers.json")),
    "mode": ("pool", "pool"),
    "pass-env": ("A,B", ("A", "B")),
    "api-key-file": ("/tmp/keys", Path("/tmp/keys")),
    "public-url": ("https://b.example/", "https://b.example"),
    "allowed-host": ("B.example", ("b.example",)),
    "trusted-proxies": ("10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
    "tell-stderr": ("1", True),
    "keep-alive": ("10m", 600),
    "log": ("console", "console"),
    "log-level": ("error", "error"),
    "idle": ("15m", 900),
    "resume": ("5", 5),
    "max-sessions": ("7", 7),
    "max-sessions-a-client": ("7", 7),
    "max-children": ("7", 7),
    "spare": ("0", 0),
    "max-body": ("1MiB", 2**20),
    "max-calls": ("7", 7),
    "max-unread": ("1MiB", 2**20),
    "child-memory": ("512MiB", 2**29),
    "child-cpu": ("90", 90),
    "child-files": ("64", 64),
}


def of(settings: Settings, option: Option) -> object:
    """Return the value that an option has set."""
    for place in (settings, settings.defaults, settings.defaults.limits):
        for name in (option.field, option.field.removeprefix("max_").removeprefix("child_")):
            if hasattr(place, name):
                return getattr(place, name)
    raise AssertionError(f"{option.name} sets nothing")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_a_flag_and_a_variable_and_the_flag_wins(option: Option) -> None:
    text, value = EXAMPLES[option.name]
    end = [] if option.name == "config" else ["--", "x"]
    variable = "MAPSRV_" + option.name.upper().replace("-", "_")
    assert of(parse(end, {variable: text}), option) == value
    flag = [f"--{option.name}", *([text] if option.value else [])]
    assert of(parse([*flag, *end], {variable: "no-value!"}), option) == value


def test_what_nobody_says_is_a_bridge_for_this_machine_within_bounds() -> None:
    settings = parse(["--", "npx"], {})
    assert (settings.host, settings.port, settings.defaults.mode) == ("127.0.0.1", 8080, "per-session")
    assert settings.defaults.limits == Limits(), "the table and the class say the same"
    assert set(BOUNDS) == set(Limits.__slots__)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], True),
        (["--host", "localhost"], True),
        (["--host", "::1"], True),
        (["--host", "0.0.0.0"], False),
        (["--host", "::"], False),
        (["--host", "10.0.0.1"], False),
        (["--host", "a.example"], False),
        (["--public-url", "https://b.example"], False),  # a proxy is here, and its clients elsewhere
        (["--host", "0.0.0.0", "--tell-stderr"], True),
    ],
)
def test_what_a_server_said_last_is_told_on_this_machine_alone(
    words: list[str], told: bool, tmp_path: Path
) -> None:
    path = tmp_path / "servers.json"
    path.write_text('{"mcpServers": {"a": {"command": "cat"}}}')
    for of_what in (["--", "cat"], ["--config", str(path)]):
        [spec] = specs_of(parse([*words, *of_what], {})).values()
        assert spec.tell_stderr is command_of(spec, os.environ).tell_stderr is told


def test_all_after_two_dashes_is_the_command_word_by_word() -> None:
    words = ["npx", "--port", "1", "--", "--mode", "", "a b"]
    settings = parse(["--port", "9", "--", *words], {"MAPSRV_CONFIG": "/elsewhere.json"})
    assert (settings.port, settings.command, settings.config) == (9, tuple(words), None)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "neither was given"),
        (["--"], 2, "neither was given"),
        (["--config", "x", "--", "y"], 2, "not both"),
        (["npx", "server"], 2, "after --: mapsrv bridge -- npx server"),
        (["--porz", "1", "--", "x"], 2, "--porz"),
        (["--mode", "many", "--", "x"], 2, "per-session, shared, pool"),
        (["--idle", "0", "--", "x"], 2, "--idle must be a time"),
        (["--pass-env", "A=1", "--", "x"], 2, "--pass-env must be names"),
        (["--", "/no/such/program"], 1, "'/no/such/program'"),
        (["--", "no-such-program"], 1, "'no-such-program' on its PATH"),
        (["--", "/etc"], 1, "that can be run"),
        (["--config", "/no/such/file"], 1, "/no/such/file cannot be read"),
        (["--host", "999.0.0.1", "--", *CHILD], 1, "--host"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(words: list[str], code: int, said: str) -> None:
    found = refused(*words)
    assert found[0] == code and said in found[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ('{"mcpServers": {"a": {"command": "cat", "colour": "red"}}}', "mcpServers.a.colour is not known"),
        ('{"mcpServers": {"a": {"command": "cat"}, "a": {"command": "cat"}}}', "'a' twice"),
        ('{"mcpServers": {"a": {"command": "no-such-program"}}}', "no program 'no-such-program'"),
        ('{"mcpServers": {"a": {"command": "cat", "env": {"PATH": "/nowhere"}}}}', "no program 'cat'"),
        ('{"mcpServers": {"a": {"command": "cat", "cwd": "/no/such"}}}', "no folder /no/such"),
    ],
)
def test_a_wrong_file_of_servers_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "servers.json"
    path.write_text(text)
    found = refused("--config", str(path))
    assert found[0] == 1 and said in found[1]


def test_the_bridge_is_told_of_and_comes_first() -> None:
    for words in (["--help"], ["bridge", "--help"]):
        told = subprocess.run([sys.executable, "-m", "mapsrv", *words], capture_output=True, text=True)
        assert told.returncode == 0 and "bridge" in told.stdout
    late = subprocess.run(
        [sys.executable, "-m", "mapsrv", "--port", "1", "bridge"], capture_output=True, text=True
    )
    assert late.returncode == 2 and "bridge must come first" in late.stderr


def test_its_help_loads_nothing_of_the_map_and_no_server() -> None:
    words = [sys.executable, "-X", "importtime", *BRIDGE[1:], "--help"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS).stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}
    assert not loaded & {"quart", "quart_trio", "hypercorn", "mcp", "redis", "httpx2", "jsonschema"}
    assert not any(f"mapsrv.{unit}" in told for unit in ("hub", "web", "server", "store", "wire", "tools"))


# --- what a child is started with --------------------------------------------------------------------


def test_a_child_gets_a_clean_environment_and_what_it_was_promised() -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": "/nowhere/a",
        "LC_ALL": "C",
        "SHELL": "() { :; }",
        "TOKEN": "secret",
        "PASSED": "1",
    }
    command = command_of(Spec("a", "cat", env={"HOME": "/data", "B": "2"}, pass_env=("PASSED",)), environ)
    assert command.env == {"PATH": environ["PATH"], "HOME": "/data", "LC_ALL": "C", "PASSED": "1", "B": "2"}


def test_a_command_is_looked_up_where_the_child_will_look(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "serve"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    with pytest.raises(StartupError, match="serve"):
        command_of(Spec("a", "bin/serve", cwd=str(tmp_path)), {})  # not executable
    program.chmod(0o700)
    for command, env in (("bin/serve", {}), (str(program), {}), ("serve", {"PATH": "/none:bin"})):
        assert command_of(Spec("a", command, cwd=str(tmp_path), env=env), {}).words == (command,)
    with pytest.raises(StartupError):
        command_of(Spec("a", "bin/serve"), {})


async def test_variables_and_bounds_of_a_single_command_reach_it(tmp_path: Path) -> None:
    code = (
        "import json,os,resource,sys\n"
        "id=json.loads(sys.stdin.readline())['id']\n"
        "got={'cpu':resource.getrlimit(resource.RLIMIT_CPU)[0],'env':sorted(os.environ)}\n"
        "print(json.dumps({'jsonrpc':'2.0','id':id,'result':got}),flush=True)\n"
        "sys.stdin.read()"
    )
    words = ["--child-cpu", "90", "--pass-env", "ONE,TWO", "--", sys.executable, "-I", "-S", "-c", code]
    with bridge(tmp_path, *words, ONE="1", TWO="2", THREE="3") as run:
        hello = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).encode()
        status, _, told = await ask(run.port, "/mcp", method="POST", body=hello)
        assert status == 200 and told["result"]["cpu"] == 90
        assert {"ONE", "TWO", "PATH"} <= set(told["result"]["env"]) and "THREE" not in told["result"]["env"]


# --- how it serves and ends ----------------------------------------------------------------------------


async def test_it_greets_with_addresses_that_answer_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    with bridge(tmp_path, "--", *CHILD, token := f"cli-{os.getpid()}-{id(tmp_path)}") as run:
        name = Path(sys.executable).name
        assert f"http://127.0.0.1:{run.port}/servers/{name}/mcp" in run.said
        assert f"http://127.0.0.1:{run.port}/health" in run.said
        async with open_session(run.port, "/sse", "sse") as stream:
            async with open_session(run.port, f"/servers/{name}/mcp", "http") as session:
                assert (await session.call("echo", value=1))[0] == 1
                assert (await stream.call("echo", value=2))[0] == 2
                assert proc.named(token)
                assert run.stop(signal.SIGINT) == 0
                await stream.over.wait()
        assert not proc.named(token) and "Traceback" not in run.log


async def test_a_request_that_cannot_be_read_is_counted_and_has_a_line(tmp_path: Path) -> None:
    with bridge(tmp_path, "--log", "json", "--", *CHILD) as run:
        for status, head in ((400, b"secret\r\n\r\n"), (431, b"GET /?" + b"secret" * 12_000)):
            stream = await trio.open_tcp_stream("127.0.0.1", run.port)
            async with stream:
                await stream.send_all(head)
                assert (await stream.receive_some()).startswith(b"HTTP/1.1 %d" % status)
        counters = (await ask(run.port, "/metrics"))[2]
        for status in (400, 431):
            assert f'mapsrv_bridge_refused_total{{code="http_{status}"}} 1.0' in counters
        lines = [json.loads(line) for line in run.log.splitlines()]
        refusals = [line for line in lines if line["event"] == "request=refused"]
        assert [(line["status"], line["client_ip"]) for line in refusals] == [
            (400, "127.0.0.1"),
            (431, "127.0.0.1"),
        ]
        assert "secret" not in run.log


async def test_a_second_signal_ends_it_at_once_and_no_child_stays(tmp_path: Path) -> None:
    with bridge(tmp_path, "--", *CHILD, token := f"cli-{os.getpid()}-{id(tmp_path)}") as run:
        async with open_session(run.port, "/mcp", "http") as session:
            await session.call("fork")  # which TERM does not end
            run.process.send_signal(signal.SIGTERM)
            proc.wait_until(lambda: "Stopping" in run.log, SECONDS)
            assert run.stop() == 128 + signal.SIGTERM
        assert await proc.until(lambda: not proc.named(token), SECONDS)


def test_without_files_to_read_a_hangup_ends_it(tmp_path: Path) -> None:
    with bridge(tmp_path, "--", *CHILD) as run:
        assert run.stop(signal.SIGHUP) == 0
