"""The mcpServers file: read as hosts write it, and refused by one sentence that says where and what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.bridge.servers_file import KEYS, read_specs, spec_of
from mapsrv.bridge.specs import Spec
from mapsrv.errors import StartupError


def test_a_file_as_claude_desktop_has_it_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    files = {"command": "npx", "args": ["-y", "some-server", "/data"], "env": {"TOKEN": "t"}}
    path.write_text(json.dumps({"mcpServers": {"files": files, "time": {"command": "uvx"}}, "theme": "dark"}))
    assert read_specs(path) == {
        "files": Spec("files", "npx", ("-y", "some-server", "/data"), {"TOKEN": "t"}),
        "time": Spec("time", "uvx"),
    }


def test_what_is_the_bridges_own_is_read_too() -> None:
    more = {
        "mode": "shared",
        "tools": {"allow": ["a"], "deny": ["b"]},
        "limits": {"memory": 2**30, "files": 64},
    }
    spec = spec_of("x", {"command": "c", "cwd": "/tmp", **more})
    assert (spec.mode, spec.allow, spec.deny, spec.cwd) == ("shared", {"a"}, {"b"}, "/tmp")
    assert spec.limits.rlimits == {"AS": 2**30, "NOFILE": 64}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "mcpServers"),
        ('{"mcpServers": {}}', "at least one server"),
        ('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}', "'a' twice"),
        ('{"mcpServers": {"a b": {"command": "x"}}}', "name 'a b'"),
        ('{"mcpServers": {"a": []}}', "mcpServers.a must be an object"),
        ('{"mcpServers": {"a": {}}}', "mcpServers.a.command must be a text"),
        (
            '{"mcpServers": {"a": {"command": "x", "cmd": 1}}}',
            "mcpServers.a.cmd is not known; there are command",
        ),
        ('{"mcpServers": {"a": {"command": "x", "args": "y"}}}', "mcpServers.a.args must be a list"),
        ('{"mcpServers": {"a": {"command": "x", "env": {"A": 1}}}}', "mcpServers.a.env must be an object"),
        ('{"mcpServers": {"a": {"command": "x", "mode": "many"}}}', "per-session, shared, pool"),
        (
            '{"mcpServers": {"a": {"command": "x", "tools": {"only": []}}}}',
            "mcpServers.a.tools.only is not known",
        ),
        (
            '{"mcpServers": {"a": {"command": "x", "limits": {"files": -1}}}}',
            "a.limits.files must be a whole number",
        ),
        ("[" * 100_000, "nests too deep"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "servers.json"
    path.write_text(text)
    with pytest.raises(StartupError) as refused:
        read_specs(path)
    assert said in refused.value.message and "\n" not in refused.value.message


def test_a_file_that_is_not_there_or_no_text_is_one_sentence(tmp_path: Path) -> None:
    for path, body in ((tmp_path / "none", None), (tmp_path / "bytes", b"\xff")):
        if body:
            path.write_bytes(body)
        with pytest.raises(StartupError, match="cannot be read"):
            read_specs(path)


def test_a_secret_is_not_shown() -> None:
    for env in ({"TOKEN": "s3cret", "N": 1}, {"A=B": "s3cret"}, {"A": "s3cret\0"}):
        with pytest.raises(StartupError) as refused:
            spec_of("a", {"command": "x", "env": env})
        assert "s3cret" not in refused.value.message


values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.text(max_size=5),
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), values, max_size=5) | values,
)
def test_whatever_is_written_is_a_server_or_a_refusal(name: str, value: Any) -> None:
    try:
        assert isinstance(spec_of(name, value), Spec)
    except StartupError as error:
        assert error.message.endswith(".")
