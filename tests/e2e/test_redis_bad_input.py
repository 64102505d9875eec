"""The real command line with a --store that cannot be used: one sentence, exit not 0, no password."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.kit.server import running
from tests.kit.ports import free_port
from tests.store.kit import valkey

SECRET = "s3cret-w0rd"
COMMAND = re.compile(rb"^\*\d+\r\n\$\d+\r\n(\w+)\r\n", re.MULTILINE)  # its first word


def refused(folder: Path, store: str) -> str:
    """Start mapsrv with a store that cannot be used, and return the sentence that it says."""
    env = {**os.environ, "MAPSRV_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "mapsrv", "--no-open", "--port", "0", "--store", store]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert ended.returncode in (1, 2) and ended.stdout == "", ended
    said = ended.stderr
    assert said.startswith("mapsrv: ") and said.endswith(".\n") and said.count("\n") == 1, said
    assert SECRET not in said and "Error" not in said and "Traceback" not in said
    return said


@contextlib.contextmanager
def answering(reply: Callable[[bytes], bytes]) -> Iterator[int]:
    """A server that replies to each command, of which it sees the first word; yield its port.

    It stands for what no longer exists to be installed: releases that are too old, or no Redis at all.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    link, _ = listener.accept()
                    with link, contextlib.suppress(OSError):
                        while sent := link.recv(65_536):
                            for command in COMMAND.findall(sent):
                                link.sendall(reply(command))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def old(version: str, command: bytes) -> bytes:
    """What a release before the commands that mapsrv needs says."""
    if command != b"INFO":
        return b"-ERR unknown command\r\n"
    text = f"# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\n"
    return f"${len(text)}\r\n{text}\r\n".encode()


@pytest.mark.parametrize(
    "store",
    [
        f"redis://:{SECRET}@host:port/0",
        f"redis://:{SECRET}@host:70000",
        f"redis://:{SECRET}@host/maps",
        f"redis://:{SECRET}@host/0?retry=yes",
        f"redis+sentinel://:{SECRET}@host:26379",
        f"redis:{SECRET}",
        f"Redis://:{SECRET}@host",
        f"redis+tls://ana:{SECRET}@host:6379",
        f"http://ana:{SECRET}@host:6379",
        f"http://host?password={SECRET}",
        f"//:{SECRET}@host",
    ],
)
def test_a_wrong_address_is_one_sentence_with_an_example(tmp_path: Path, store: str) -> None:
    said = refused(tmp_path, store)
    assert "--store" in said and ("redis://localhost:6379/0" in said or "redis+sentinel://sentinel-1" in said)


def test_an_address_after_a_misspelt_flag_is_not_printed_with_its_password(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mapsrv", "--stor", f"redis://:{SECRET}@host"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and SECRET not in ended.stderr and "://...@host" in ended.stderr


def test_a_password_that_is_refused_is_one_sentence(tmp_path: Path) -> None:
    with valkey.running(tmp_path / "redis", "--requirepass", "right") as redis:
        at = f"127.0.0.1:{redis.port}"
        for user in ("", f":{SECRET}@", f"nobody:{SECRET}@"):
            said = refused(tmp_path, f"redis://{user}{at}/0")
            assert f"redis://{at}/0 refused the password: correct it after --store" in said


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    port = free_port()
    for store in (
        f"redis://:{SECRET}@127.0.0.1:{port}",
        "redis://nobody.invalid",
        f"unix://{tmp_path}/none.sock",
    ):
        assert "cannot be reached: start it, or correct the address after --store" in refused(tmp_path, store)
    said = refused(tmp_path, f"redis+sentinel://127.0.0.1:{port}/main?sentinel_password={SECRET}")
    assert "knows a master of that name" in said


def test_sentinels_that_know_no_such_master_are_one_sentence(tmp_path: Path) -> None:
    with valkey.running(tmp_path / "sentinel", sentinel=True) as sentinel:
        said = refused(tmp_path, f"redis+sentinel://127.0.0.1:{sentinel.port}/elsewhere")
        assert "No sentinel of" in said and "/elsewhere knows a master of that name" in said


def test_what_cannot_be_used_is_told_by_its_reason_and_gets_nothing_written(tmp_path: Path) -> None:
    with valkey.running(tmp_path / "redis") as redis:
        at = f"127.0.0.1:{redis.port}"
        assert "has no database of that number" in refused(tmp_path, f"redis://{at}/9999")
        assert "or, without TLS, write redis:// for rediss://" in refused(tmp_path, f"rediss://{at}")
        assert "A file for TLS" in refused(tmp_path, f"rediss://{at}?ca={tmp_path}/none.pem")
        redis.do("ACL", "SETUSER", "ana", "on", f">{SECRET}", "~map_*", "+@read")
        assert "does not allow its user" in refused(tmp_path, f"redis://ana:{SECRET}@{at}")
        with valkey.running(tmp_path / "copy", "--replicaof", "127.0.0.1", str(redis.port)) as copy:
            assert "is a replica, which cannot be written: name the master" in refused(tmp_path, copy.url)
        redis.do("CONFIG", "SET", "maxmemory", "1")
        assert "has no memory left" in refused(tmp_path, redis.url)
        redis.do("CONFIG", "SET", "maxmemory", "0")
        assert redis.do("DBSIZE") == ":0\r\n"
        redis.do("HSET", "map_store", "a", "b")
        assert "map_store in" in refused(tmp_path, redis.url)
        assert redis.do("HGETALL", "map_store") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n"


def test_a_part_of_a_cluster_is_refused_by_that(tmp_path: Path) -> None:
    with valkey.running(tmp_path / "redis", "--cluster-enabled", "yes") as redis:
        assert "one of a cluster, which mapsrv cannot use" in refused(tmp_path, redis.url)


@pytest.mark.parametrize("version", ["6.2.14", "5.0.7", "2.8.0"])
def test_a_redis_before_7_0_is_too_old(tmp_path: Path, version: str) -> None:
    with answering(lambda command: old(version, command)) as port:
        said = refused(tmp_path, f"redis://127.0.0.1:{port}")
    assert f"is too old ({version}): mapsrv needs Redis 7.0 or later, or Valkey." in said


def test_what_is_no_redis_is_told_so(tmp_path: Path) -> None:
    with answering(lambda _: b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n") as port:
        said = refused(tmp_path, f"redis://:{SECRET}@127.0.0.1:{port}")
    assert f"What answers at redis://127.0.0.1:{port}/0 is not a Redis" in said


def test_a_redis_that_may_throw_maps_away_is_used_with_a_warning(tmp_path: Path) -> None:
    with valkey.running(tmp_path / "redis", "--maxmemory-policy", "allkeys-lru") as redis:
        redis.do("CONFIG", "SET", "requirepass", SECRET)
        with running(tmp_path, "--store", f"redis://:{SECRET}@127.0.0.1:{redis.port}/0") as server:
            assert server.new_map()
        warned = [line for line in server.log.splitlines() if "maxmemory-policy" in line]
        assert len(warned) == 1 and '"level":"warning"' in warned[0] and "to noeviction" in warned[0]
        assert SECRET not in server.log
    with valkey.running(tmp_path / "good", "--maxmemory-policy", "noeviction") as redis:
        (tmp_path / "b").mkdir()
        with running(tmp_path / "b", "--store", redis.url) as server:
            assert server.new_map()
        assert "maxmemory-policy" not in server.log
