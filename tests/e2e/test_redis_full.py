"""A Redis that takes no writes, full or with a disk that refuses: as one that is away, until it does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.kit.server import NO_TLS, Server, running, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.store.kit import valkey


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[valkey.Server]:
    with valkey.running(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def pod(redis: valkey.Server, tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, "--store", redis.url) as server:
        yield server
        assert "Traceback" not in server.log and '"level":"error"' not in server.log


def fill(redis: valkey.Server) -> Callable[[], str]:
    redis.do("CONFIG", "SET", "maxmemory", "1")
    return lambda: redis.do("CONFIG", "SET", "maxmemory", "0")


def break_disk(redis: valkey.Server) -> Callable[[], str]:
    shutil.rmtree(redis.folder)  # so that no copy can be written there
    redis.do("CONFIG", "SET", "save", "3600 1000000")
    redis.do("BGSAVE")
    wait_until(lambda: "rdb_last_bgsave_status:err" in redis.do("INFO", "persistence"))
    return lambda: redis.do("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")


@pytest.mark.parametrize(("refuse", "word"), [(fill, "OOM"), (break_disk, "MISCONF")])
def test_a_redis_that_takes_no_writes_is_away_and_what_is_held_is_read_and_goes_on(
    redis: valkey.Server, pod: Server, refuse: Callable[[valkey.Server], Callable[[], str]], word: str
) -> None:
    held, other = pod.new_map(), pod.new_map()
    pod.command(held, "open_map", title="Before")
    viewer = Viewer(pod, held)
    wait_until(lambda: viewer.seen)
    keys = [f"map_{kind}:{{{held}}}" for kind in ("meta", "state", "log", "keys")]
    before = [redis.do("DUMP", key) for key in keys]
    mend = refuse(redis)

    receipt = pod.command(held, "open_map", "k1", title="Meanwhile")
    assert receipt["durability"] == "memory"
    assert pod.state(held)["state"]["title"] == "Meanwhile"
    wait_until(lambda: (viewer.last("status") or {}).get("durability") == "memory")
    assert httpx2.get(f"{pod.url}/ready", verify=NO_TLS).json() == {"status": "ready", "degraded": True}
    made = httpx2.post(f"{pod.url}/sessions", json={}, timeout=20, verify=NO_TLS)
    assert made.status_code == 503 and made.json()["error"]["code"] == "store_unavailable"
    assert [redis.do("DUMP", key) for key in keys] == before
    told = [line for line in pod.log.splitlines() if "store=away" in line]
    assert len(told) == 1 and word in told[0] and held not in pod.log

    mend()
    wait_until(lambda: (viewer.last("status") or {}).get("durability") == "redis", 20)
    again = pod.command(held, "open_map", "k1", title="Meanwhile")
    assert again["durability"] == "redis" and again["position"].split(".")[1] == "2", "done once"
    assert pod.command(other, "open_map", title="Other")["durability"] == "redis"
    assert httpx2.get(f"{pod.url}/ready", verify=NO_TLS).json() == {"status": "ready"}
