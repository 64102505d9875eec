"""API keys: who sends none or a wrong one learns nothing but that; only health is for all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mapsrv.bridge.http.api_keys import read_keys
from mapsrv.errors import StartupError, Unauthorized
from tests.bridge.kit.process import CHILD, ask, bridge, refused


def key_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "keys"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def takes(path: Path, name: str, value: str) -> bool:
    try:
        read_keys(path).check({"headers": [(name.encode(), value.encode("latin-1"))]})
    except Unauthorized:
        return False
    return True


def test_any_key_of_the_file_is_taken_from_either_header(tmp_path: Path) -> None:
    path = key_file(tmp_path, "# of the build\nfirst-key\n\n  second key\t\r\n")
    for key in ("first-key", "second key"):
        assert takes(path, "x-api-key", key)
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert takes(path, "authorization", f"{scheme} {key}")


@pytest.mark.parametrize(
    "key", ["", "first-ke", "first-key2", "FIRST-KEY", "# of the build", "f\xefrst", "a" * 9999]
)
def test_any_other_is_refused(tmp_path: Path, key: str) -> None:
    path = key_file(tmp_path, "# of the build\nfirst-key\n")
    assert not takes(path, "x-api-key", key)
    assert not takes(path, "authorization", f"Bearer {key}")
    assert not takes(path, "authorization", "Basic first-key")
    assert not takes(path, "x-other", "first-key")


def test_every_key_is_compared_whichever_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    monkeypatch.setattr("hmac.compare_digest", lambda one, other: compared.append(one) or one == other)
    path = key_file(tmp_path, "a\nb\nc\n")
    assert takes(path, "x-api-key", "a") and len(compared) == 3
    assert not takes(path, "x-api-key", "d") and len(compared) == 6
    assert {len(one) for one in compared} == {32}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no key"),
        ("# only this\n\n", "There is no key"),
        (b"\xff\xfe", "it is not UTF-8"),
        ("good\nsch\u00f6n\n", "line 2"),
        ("a\x07b\n", "line 1"),
    ],
)
def test_a_file_without_keys_that_can_be_sent_is_refused(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(StartupError, match=said) as error:
        read_keys(key_file(tmp_path, text))
    assert "good" not in error.value.message and "sch" not in error.value.message


def test_the_bridge_does_not_start_without_its_keys(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path, key_file(tmp_path, "\n")):
        code, said = refused("--api-key-file", str(path), "--", *CHILD)
        assert code == 1 and str(path) in said


async def test_all_but_health_needs_a_key(tmp_path: Path) -> None:
    path = key_file(tmp_path, "sesame\n")
    hello = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "1"}}
    )
    with bridge(tmp_path, "--api-key-file", str(path), "--", *CHILD) as run:
        guarded = [("GET", "/metrics"), ("GET", "/sse"), ("POST", "/messages?session_id=" + "0" * 32)]
        guarded += [("POST", "/mcp"), ("GET", "/mcp"), ("DELETE", "/mcp"), ("GET", "/"), ("GET", "/nothing")]
        for method, target in guarded:
            for headers in ({}, {"X-API-Key": "guess"}, {"Authorization": "Bearer guess"}):
                status, answered, told = await ask(
                    run.port, target, headers, method=method, body=hello.encode() if method == "POST" else b""
                )
                assert (status, answered["www-authenticate"]) == (401, "Bearer"), (method, target)
                error = told["error"]
                assert error.get("data", error)["code"] == "unauthorized" and error["message"]
        assert (await ask(run.port, "/health"))[0] == 200
        for headers in ({"X-API-Key": "sesame"}, {"Authorization": "Bearer sesame"}):
            assert (await ask(run.port, "/metrics", headers))[0] == 200
            status, _, told = await ask(run.port, "/mcp", headers, method="POST", body=hello.encode())
            assert status == 200 and told["result"]["serverInfo"]
        assert "sesame" not in run.log and "guess" not in run.log


async def test_host_and_origin_are_checked_before_the_key_but_not_for_probes(tmp_path: Path) -> None:
    path = key_file(tmp_path, "sesame\n")
    flags = ["--api-key-file", str(path), "--allowed-host", "pages.example", "--", *CHILD]
    with bridge(tmp_path, *flags) as run:
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            status, _, told = await ask(run.port, "/mcp", headers)
            error = told["error"]
            assert status == 403 and error.get("data", error)["code"] == "forbidden"
            assert "map" not in error["message"]
        assert (await ask(run.port, "/mcp", {"Origin": "http://pages.example"}))[0] == 401
        elsewhere = {"Origin": "http://evil.example"}
        assert (await ask(run.port, "/health", elsewhere))[0] == 200
        assert (await ask(run.port, "/metrics", {**elsewhere, "X-API-Key": "sesame"}))[0] == 200


async def test_why_a_server_is_not_healthy_is_told_to_who_has_a_key(tmp_path: Path) -> None:
    path = key_file(tmp_path, "sesame\n")
    words = [sys.executable, "-c", "import sys; sys.exit('the password is 1234')"]
    with bridge(tmp_path, "--api-key-file", str(path), "--", *words) as run:
        status, _, told = await ask(run.port, "/health")
        assert status == 503 and told["status"] == "unhealthy" and "1234" not in json.dumps(told)
        status, _, told = await ask(run.port, "/health", {"X-API-Key": "sesame"})
        assert status == 503 and "1234" in told["reason"]
