"""A pod of the first release beside one of this, as in a rolling update: it serves a map, or lets go of it.

The old pod is that release's own code, unpacked from tests/releases; it has no page, and needs none here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mapsrv.store import FORMAT
from tests.abuse.kit.refusals import FEATURE
from tests.e2e.kit.server import NO_TLS, Server, running, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.releases.write import HERE, unpack
from tests.store.kit import valkey


class FirstRelease(Server):
    """A server of the first release, whose code stands in its folder."""

    python = (sys.executable, "-P")  # not the code of the folder that the tests run in

    @property
    def env(self) -> dict[str, str]:
        return {**super().env, "PYTHONPATH": os.fspath(self.folder / "code")}


@dataclass
class Pods:
    redis: valkey.Server
    old: Server
    new: Server

    def meta(self, session_id: str, field: str) -> str:
        return self.redis.do("HGET", f"map_meta:{{{session_id}}}", field).splitlines()[-1]


@pytest.fixture(scope="module")
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    folder: Path = tmp_path_factory.mktemp("redis")
    shutil.copy(HERE / "first.rdb", folder / "first.rdb")
    with ExitStack() as stack:
        redis = stack.enter_context(valkey.running(folder, "--dbfilename", "first.rdb"))
        homes = [tmp_path_factory.mktemp(name) for name in ("old", "new")]
        page = unpack(homes[0] / "code") / "mapsrv" / "page"
        page.mkdir()
        (page / "index.html").write_text("<!doctype html>")  # no server starts without one
        kinds = (FirstRelease, Server)
        old, new = (
            stack.enter_context(running(home, "--store", redis.url, kind=kind))
            for home, kind in zip(homes, kinds, strict=True)
        )
        yield Pods(redis, old, new)
        for pod in (old, new):
            assert "damaged" not in pod.log and "Traceback" not in pod.log, pod.log


def ask(pod: Server, session_id: str, path: str = "/state", **body: Any) -> httpx2.Response:
    on = {"session": session_id}
    if body:
        return httpx2.post(f"{pod.url}{path}", params=on, json=body, timeout=20, verify=NO_TLS)
    return httpx2.get(f"{pod.url}{path}", params=on, timeout=20, verify=NO_TLS)


def lets_go(pod: Server, session_id: str) -> None:
    rename = {"command": "open_map", "arguments": {"title": "By the old one"}}
    for answer in (ask(pod, session_id), ask(pod, session_id, "/commands", **rename)):
        assert answer.status_code == 503, answer.text
        error = answer.json()["error"]
        assert (error["code"], error["temporary"]) == ("newer_format", True), error


def test_it_is_the_first_release_indeed(pods: Pods) -> None:
    session_id = pods.old.new_map()
    assert pods.meta(session_id, "format") == "1" and FORMAT == 2


def test_a_map_that_only_the_old_pod_changes_is_served_by_both(pods: Pods) -> None:
    session_id = pods.old.new_map()
    theirs, ours = Viewer(pods.old, session_id), Viewer(pods.new, session_id)
    wait_until(lambda: theirs.history and ours.history)
    pods.old.command(session_id, "add_layer", id="stop", source=FEATURE)
    wait_until(lambda: len(theirs.history) == len(ours.history) == 2)
    pods.old.command(session_id, "open_map", title="Second")
    wait_until(lambda: theirs.seen[1:] == ours.seen[1:] and len(ours.seen) == 3)
    assert pods.old.state(session_id)["state"] == pods.new.state(session_id)["state"]
    assert pods.meta(session_id, "format") == "1", "who reads marks nothing"
    assert theirs.drained is None


def test_the_old_pod_lets_go_of_a_map_that_the_new_one_changes(pods: Pods) -> None:
    session_id, other = pods.old.new_map(), pods.old.new_map()
    theirs, stays = Viewer(pods.old, session_id), Viewer(pods.old, other)
    wait_until(lambda: theirs.history and stays.history)
    pods.old.command(session_id, "add_layer", id="stop", source=FEATURE)
    wait_until(lambda: len(theirs.history) == 2)
    pods.new.command(session_id, "add_layer", id="more", source=FEATURE)
    wait_until(lambda: theirs.drained is not None)
    assert pods.meta(session_id, "format") == str(FORMAT)
    lets_go(pods.old, session_id)
    assert pods.meta(session_id, "revision") == "2", "the old pod has written nothing"
    again = Viewer(pods.new, session_id, position=theirs.seen[-1])
    wait_until(lambda: len(again.history) == 1)
    assert [message.event for message in again.history] == ["event"], "who comes back goes on from there"
    layers = pods.new.state(session_id)["state"]["layers"]
    assert ["added" in layer for layer in layers] == [False, True]
    pods.old.command(other, "open_map", title="Ours still")
    wait_until(lambda: len(stays.history) == 2)
    assert stays.drained is None


def test_the_old_pod_leaves_maps_of_the_new_one_alone(pods: Pods) -> None:
    session_id = pods.new.new_map()
    lets_go(pods.old, session_id)
    pods.new.command(session_id, "add_layer", id="stop", source=FEATURE)
    lets_go(pods.old, session_id)
    assert pods.new.state(session_id)["state"]["layers"][0]["added"]["kind"] == "person"


def test_a_file_that_was_brought_up_is_refused_by_the_old_release_and_its_copy_is_opened(
    tmp_path: Path,
) -> None:
    file, home = tmp_path / "maps.sqlite", tmp_path / "home"
    home.mkdir()
    shutil.copy(HERE / "first.sqlite3", file)
    session_id, other = (
        json.loads((HERE / "first.json").read_text("utf-8"))["sqlite"][name]["session_id"]
        for name in ("plain", "every op")
    )
    with running(home, "--store", f"sqlite:{file}") as new:
        before = new.state(other)["state"]
        new.command(session_id, "add_layer", id="more", source=FEATURE)
        assert "store=brought_up" in new.log
    page = unpack(home / "code") / "mapsrv" / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>")
    old = FirstRelease(home, "--store", f"sqlite:{file}")
    with pytest.raises(AssertionError, match="written by a newer mapsrv"):
        old.start()
    shutil.move(f"{file}.format-1", file)
    with running(home, "--store", f"sqlite:{file}", kind=FirstRelease) as again:
        assert again.state(other)["state"] == before
        assert [layer["id"] for layer in again.state(session_id)["state"]["layers"]] == ["stations"]
