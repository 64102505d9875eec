"""Documents: stored once under a name of their own, large ones read in a worker, never on the loop."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_process
import pytest
import trio

from mapsrv.core.data_summary import Summary
from mapsrv.errors import Busy, InvalidArgument, InvalidGeoJson, TooLarge, UnknownData
from mapsrv.prepare import geojson_blobs as documents_module
from mapsrv.prepare import process_pool as worker_module
from mapsrv.prepare import summaries
from mapsrv.prepare.geojson_blobs import Documents, is_address, is_ours
from mapsrv.prepare.process_pool import Workers
from mapsrv.store.memory import MemoryStore, open_memory

NOW = 1_800_000_000.0
MAX_DATA = 32 * 1024 * 1024
POINT = {"type": "Point", "coordinates": [8.5, 47.4]}


def points(count: int) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [place % 360 - 180, place % 170 - 85]},
            "properties": {"n": place},
        }
        for place in range(count)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.fixture
async def memory() -> AsyncIterator[MemoryStore]:
    async with open_memory() as store:
        yield store


@pytest.fixture
def documents(memory: MemoryStore) -> Documents:
    return Documents(memory, max_data=MAX_DATA, clock=lambda: NOW)


async def test_a_document_is_stored_once_under_the_hash_of_its_regular_form(documents: Documents) -> None:
    stored = await documents.put(json.dumps(POINT, indent=2).encode())
    again = await documents.put(b"\xef\xbb\xbf" + json.dumps({**POINT, "bbox": [0, 0, 0, 0]}).encode())
    assert again == stored
    name = stored.data.removeprefix("data/")
    body = await documents.get(name)
    assert name == hashlib.sha256(body).hexdigest()
    assert stored.bytes == len(body)
    feature = {"type": "Feature", "id": 0, "geometry": POINT, "properties": {}}
    collection = {"type": "FeatureCollection", "features": [feature]}
    assert body == json.dumps(collection, separators=(",", ":")).encode()
    assert stored.summary == await documents.summary({"data": stored.data})


async def test_200_000_points_pass_and_the_loop_goes_on_meanwhile(documents: Documents) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await trio.sleep(0.001)
            ticks += 1

    body = points(200_000)
    await documents.warm()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        stored = await documents.put(body)
        nursery.cancel_scope.cancel()
    assert stored.summary.features == 200_000
    assert stored.summary.bounds == (-180, -85, 179, 84)
    # Reading it takes seconds. On the loop there would be no tick but while bytes are copied.
    assert ticks > 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{",
        b'{"type": "Point", "coordinates": [NaN, 2]}',
        b'{"type": "Point", "coordinates": [1e999, 2]}',
        b'{"type": "Feature", "geometry": null, "properties": {"a": "\\ud800"}}',
        b'{"type": "Feature", "geometry": null, "properties": {"a": ' + b"9" * 5_000 + b"}}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type": "Feature", "geometry": null, "properties": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"type":"GeometryCollection","geometries":[' * 200 + b"]}" * 200,
        b" " * 100_000 + b'{"type": "Point", "coordinates": [1, 95]}',
        b"[1,]" + b" " * 100_000,
    ],
)
async def test_what_is_not_geojson_is_refused_wherever_it_is_read(
    documents: Documents, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidGeoJson):
        await documents.put(body)
    monkeypatch.setattr(documents_module, "INLINE", 0)
    with pytest.raises(InvalidGeoJson):
        await documents.put(body)


async def test_what_is_too_large_is_refused_with_the_limit_and_the_flag(memory: MemoryStore) -> None:
    documents = Documents(memory, max_data=1000, clock=lambda: NOW)
    with pytest.raises(TooLarge, match=r"1,001 bytes; this server takes at most 1,000 bytes \(--max-data\)"):
        await documents.put(b" " * 1001)
    features = b",".join([b'{"type":"Feature","geometry":null}'] * 25)
    body = b'{"type":"FeatureCollection","features":[' + features + b"]}"
    assert len(body) < 1000
    with pytest.raises(TooLarge, match="--max-data"):  # with ids and properties it is longer
        await documents.put(body)
    with pytest.raises(TooLarge, match="17.0 MiB; this server takes at most 16.0 MiB"):
        Documents(memory, max_data=16 << 20, clock=lambda: NOW).check_size(17 << 20)


async def test_data_that_is_not_there_is_said_to_be_unknown(documents: Documents) -> None:
    for name in ("", "x", "0" * 64, "A" * 64, "0" * 65, "../" + "0" * 61):
        with pytest.raises(UnknownData, match="POST it to /data again"):
            await documents.get(name)
        with pytest.raises(UnknownData):
            await documents.renew(f"data/{name}")
    with pytest.raises(UnknownData):
        await documents.summary({"data": "data/" + "0" * 64})


async def test_a_summary_is_made_anew_after_a_restart_and_few_are_kept(
    documents: Documents, memory: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "MAX_SUMMARIES", 1)
    small, large = await documents.put(json.dumps(POINT).encode()), await documents.put(points(1_000))
    restarted = Documents(memory, max_data=MAX_DATA, clock=lambda: NOW)
    for stored in (small, large, small):
        assert await restarted.renew(stored.data) == stored.summary
        assert await documents.summary({"data": stored.data}) == stored.summary


async def test_only_data_that_is_kept_here_has_a_summary_and_a_body(documents: Documents) -> None:
    stored = await documents.put(json.dumps(POINT).encode())
    body = await documents.get(stored.data.removeprefix("data/"))
    inline = {"data": json.loads(body)}
    assert await documents.summary(inline) == stored.summary
    assert await documents.body(inline) == await documents.body({"data": stored.data}) == body
    for source in ({}, {"data": "https://example.org/a.geojson"}, {"data": "data/x"}):
        assert await documents.summary(source) is None
        assert await documents.body(source) is None
        assert not is_ours(source)
    assert is_address(stored.data) and not is_address(stored.data + "0") and not is_address("/" + stored.data)


async def test_a_refusal_in_the_worker_reads_as_on_the_loop(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = points(3)
    with pytest.raises(InvalidArgument) as here:
        await documents.bounds_of_features((await documents.regular(body)).body, [7])
    monkeypatch.setattr(documents_module, "INLINE", 0)
    with pytest.raises(InvalidArgument) as there:
        await documents.bounds_of_features((await documents.regular(body)).body, [7])
    assert (
        there.value.message
        == here.value.message
        == ("feature_ids[0]: the layer has no feature 7. Its ids are 0, 1, 2.")
    )


# --- the worker processes --------------------------------------------------------


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _no_memory() -> None:
    raise MemoryError


def _hang() -> None:
    signal.pause()


def _interrupt() -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


def _zombies() -> bool:
    """Return whether a child has ended that nobody waited for."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False


@pytest.mark.parametrize("accident", [_die, _no_memory])
async def test_after_a_workers_end_the_next_call_has_another(accident: Callable[[], None]) -> None:
    workers = Workers()
    with pytest.raises(Busy, match="Nothing was changed: try again") as refused:
        await workers.run(accident)
    assert refused.value.temporary
    assert await workers.run(os.getpid) != os.getpid()


async def test_ctrl_c_in_the_terminal_leaves_the_worker_at_work() -> None:
    workers = Workers()
    assert await workers.run(_interrupt) == await workers.run(os.getpid)


async def test_a_call_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers()
    pid = await workers.run(os.getpid)
    monkeypatch.setattr(worker_module, "MAX_SECONDS", 0.05)
    with pytest.raises(Busy, match="took over 0.05 s"):
        await workers.run(_hang)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not _zombies()


async def test_a_cancelled_caller_leaves_no_zombie_and_no_turn_taken() -> None:
    workers = Workers()
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(workers.run, os.getpid)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert not _zombies()
    assert await workers.run(os.getpid) == await workers.run(os.getpid)


async def test_callers_who_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "MAX_WAITING", 1)
    workers = Workers()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(workers.run, os.getpid)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Busy, match="try again soon"):
            await workers.run(os.getpid)


async def test_a_worker_that_cannot_be_started_ahead_is_no_fault(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        await trio.lowlevel.checkpoint()
        raise anyio.BrokenWorkerProcess

    monkeypatch.setattr(anyio.to_process, "run_sync", broken)
    await documents.warm()
    with pytest.raises(Busy):
        await documents.put(points(1_000))


def test_summaries_cross_the_process_border() -> None:
    summary = Summary(1, ("Point",), (1, 2, 3, 4), {}, 0, 1, False)
    assert pickle.loads(pickle.dumps(summary)) == summary
