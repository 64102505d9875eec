"""Flags and environment variables, and what is said of wrong ones."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.config import COMMANDS, Config, options, parse
from mapsrv.config.parser import Option
from mapsrv.config.rates import Rate


def refused(capsys: pytest.CaptureFixture[str], *argv: str, **environ: str) -> str:
    """What stderr says when these are refused: one line."""
    with pytest.raises(SystemExit) as ended:
        parse(argv, environ)
    said = capsys.readouterr()
    assert ended.value.code == 2 and said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith("mapsrv: ") and "Traceback" not in said.err
    return said.err


def test_what_nobody_says_is_a_server_for_this_machine() -> None:
    config = parse([], {})
    assert (config.command, config.host, config.port) == ("serve", "127.0.0.1", 8081)
    assert config.store == f"sqlite:{config.data_dir / 'maps.sqlite'}"
    assert config.max_data == 16 * 1024 * 1024 and isinstance(config.max_data, int)
    assert (config.session_idle, config.drain_delay, config.public_url) == (3600, 0, None)
    assert config.open


def test_streams_end_over_a_while_only_where_other_servers_can_take_over() -> None:
    assert parse([], {}).drain_window == parse(["--store", "memory:"], {}).drain_window == 0
    for kind in ("redis://h", "rediss://h", "unix:///s", "redis+sentinel://h:1/m"):
        assert parse(["--store", kind], {}).drain_window == 5
    assert parse(["--store", "redis://h", "--drain-window", "0"], {}).drain_window == 0


@pytest.mark.parametrize("argv", [["--port", "9", "demo"], ["demo", "--port", "9"], ["demo", "--port=9"]])
def test_a_flag_may_stand_before_or_after_the_command(argv: list[str]) -> None:
    config = parse(argv, {})
    assert (config.command, config.port) == ("demo", 9)


EXAMPLES = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("9000", 9000),
    "store": ("memory:", "memory:"),
    "data-dir": ("/tmp/maps", Path("/tmp/maps")),
    "public-url": ("https://maps.example.org/", "https://maps.example.org"),
    "allowed-host": ("A.example, b.example:8443", ("a.example", "b.example:8443")),
    "trusted-proxies": ("10.0.0.0/8, fd00::1", (ip_network("10.0.0.0/8"), ip_network("fd00::1"))),
    "rates": ("off", ()),
    "open": ("1", True),
    "keep-alive": ("10m", 600),
    "max-data": ("2MiB", 2 * 1024 * 1024),
    "max-in-flight": ("512MiB", 512 * 1024 * 1024),
    "max-streams": ("7", 7),
    "max-mcp-sessions": ("8", 8),
    "max-mcp-sessions-a-client": ("9", 9),
    "max-mcp-unread": ("2MiB", 2 * 1024 * 1024),
    "mcp-resume": ("5s", 5),
    "mcp-idle": ("2h", 7200),
    "mcp-idle-ends": ("always", "always"),
    "wait-for-viewer": ("5s", 5),
    "session-idle": ("90s", 90),
    "session-ttl": ("1d", 86400),
    "durability": ("replicated", "replicated"),
    "secret-file": ("/srv/secret", Path("/srv/secret")),
    "drain-delay": ("5", 5),
    "drain-window": ("10s", 10),
    "log": ("JSON", "json"),
    "log-level": ("WARNING", "warning"),
    "no-files": ("true", True),
    "transport": ("http", "http"),
    "url": ("http://localhost:9000", "http://localhost:9000"),
    "session": ("abc", "abc"),
    "pace": ("0.5", 0.5),
}
SWITCHES = ("open", "no-files")


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_option_is_a_flag_and_a_variable_and_the_flag_wins(option: Option) -> None:
    name = option.name
    text, value = EXAMPLES[name]
    command = next(command for command in COMMANDS if option.fits(command))
    variable = "MAPSRV_" + name.upper().replace("-", "_")
    field = name.replace("-", "_")
    assert getattr(parse([command], {variable: text}), field) == value
    flags = [f"--{name}"] if name in SWITCHES else [f"--{name}", text]
    assert getattr(parse([command, *flags], {}), field) == value
    assert (
        getattr(parse([command, *flags], {variable: "0" if name in SWITCHES else "no value"}), field) == value
    )


def test_every_option_is_a_field() -> None:
    fields = {field.name for field in dataclasses.fields(Config)}
    assert {option.field for option in options()} <= fields
    assert all(option.help and option.flag.startswith("--") for option in options())


def test_kubernetes_own_port_variable_says_nothing() -> None:
    assert parse([], {"MAPSRV_PORT": "tcp://10.0.0.1:8081"}).port == 8081


def test_an_empty_variable_says_nothing() -> None:
    assert parse([], {option.env: "" for option in options()}) == parse([], {})


def test_no_open_wins_over_its_variable() -> None:
    assert parse(["demo", "--no-open"], {"MAPSRV_OPEN": "1"}).open is False
    assert parse(["demo"], {"MAPSRV_OPEN": "0"}).open is False


def test_allowed_host_may_be_repeated() -> None:
    config = parse(["--allowed-host", "a.example", "--allowed-host", "[::1]:80,b.example"], {})
    assert config.allowed_host == ("a.example", "[::1]:80", "b.example")


def test_a_variable_of_another_command_is_passed_over() -> None:
    assert parse(["serve"], {"MAPSRV_TRANSPORT": "carrier pigeon"}).transport == "sse"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "x"), ("port", "-1"), ("port", "65536"), ("port", "1e3"), ("port", "٣"), ("host", "a b"),
        ("store", "redis:"), ("store", "sqlite:"), ("store", "/tmp/x"), ("public-url", "maps.example.org"),
        ("public-url", "ftp://x"), ("public-url", "http://"), ("public-url", "http://x?y"),
        ("public-url", "http://[x"), ("public-url", "http://x:99999"), ("allowed-host", "http://x"),
        ("allowed-host", "*"), ("max-data", "0"), ("max-data", "16 parsecs"), ("max-data", "2GiB"),
        ("max-streams", "0"), ("session-idle", "0"), ("session-idle", "-5"), ("session-idle", "nan"),
        ("drain-delay", "inf"), ("log-level", "loud"), ("log", "xml"),
        ("trusted-proxies", "nginx"), ("trusted-proxies", "10.0.0.1/8"), ("trusted-proxies", "10.0.0.0/33"),
        ("trusted-proxies", "10.0.0.0-10.0.0.9"),
        ("rates", "on"), ("rates", "commands"), ("rates", "commands=5"), ("rates", "commands=5/s"),
        ("rates", "commands=0/s:5"), ("rates", "commands=5/s:0"), ("rates", "commands=5/d:5"),
        ("rates", "commands=-5/s:5"), ("rates", "commands=0.5/s:5"), ("rates", "commands=٣/s:5"),
        ("rates", "commands=9999999/s:5"), ("rates", "commands=5/s:5,data=1/s:1"),
        ("rates", "commands=5/s:5 commands=6/s:6"), ("rates", "flights=5/s:5"), ("rates", "off data=1/s:1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_one_plain_sentence(
    capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    said = refused(capsys, f"--{name}={text}")
    assert f"--{name} must be" in said
    assert refused(capsys, **{"MAPSRV_" + name.upper().replace("-", "_"): text}).startswith("mapsrv: MAPSRV_")


@pytest.mark.parametrize(
    "argv", [["--porz", "1"], ["fly"], ["--port"], ["serve", "demo"], ["--transport", "sse"]]
)
def test_what_is_no_option_is_told_so(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert "--help" in refused(capsys, *argv)


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=20))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    for option in options():
        try:
            parse([f"--{option.name}={text}"] if option.value else [], {option.env: text})
        except SystemExit as ended:
            assert ended.code == 2


def test_four_of_the_largest_documents_fit_into_what_is_in_flight() -> None:
    for flags, most in (([], 256), (["--max-in-flight=1MiB"], 64), (["--max-data=200MiB"], 800)):
        assert parse(flags, {}).max_in_flight == most * 1024 * 1024


def test_a_rate_that_is_not_said_has_its_default() -> None:
    said = {rate.name: rate for rate in parse(["--rates", "data=30/m:7  opens=36000/h:1"], {}).rates}
    assert (said["data"], said["opens"]) == (Rate("data", 0.5, 7), Rate("opens", 10, 1))
    assert list(said) == ["commands", "messages", "opens", "sessions", "data", "presence"]
    assert said["commands"] == Rate("commands", 50, 500) and said["sessions"] == Rate("sessions", 1, 20)
    assert parse(["--rates", "OFF"], {}).rates == ()


def test_a_wrong_rate_is_told_which_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "--rates=flights=5/s:5")
    assert "of commands, messages, opens, sessions, data, presence, and there is no flights" in said
    assert "says data twice" in refused(capsys, "--rates=data=1/s:1 data=1/s:1")


def test_trusted_proxies_may_be_repeated() -> None:
    config = parse(["--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "::1,192.0.2.1"], {})
    assert [str(network) for network in config.trusted_proxies] == ["10.0.0.0/8", "::1/128", "192.0.2.1/32"]
