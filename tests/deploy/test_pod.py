"""A mapsrv with the environment that the Deployment gives it, on a Valkey as the StatefulSet starts it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.deploy.kit.kustomize import container, one
from tests.deploy.kit.reading import variables
from tests.deploy.kit.site import PASSWORD, valkey_options
from tests.e2e.kit.server import END_SECONDS, NO_TLS, Server, call, running
from tests.kit.ports import free_port
from tests.store.kit import valkey

POD_IP = "10.244.1.17:8081"  # whom the kubelet asks for
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


class Pod(Server):
    """Started by the Deployment's arguments and variables; the port and where Redis is are the test's."""

    redis = ""

    @property
    def env(self) -> dict[str, str]:
        told = variables(())
        store = told["MAPSRV_STORE"].replace("secret", PASSWORD).replace("redis:6379", self.redis)
        home = {"HOME": str(self.folder), "MAPSRV_DATA_DIR": str(self.folder)}
        # What has this Python find the wheel, and not the source in the working folder, is the tests' own.
        ours = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
        path = f"{Path(sys.executable).parent}:/usr/bin"
        return {"PATH": path, **ours, **told, **home, "MAPSRV_STORE": store}


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    folder, port = tmp_path_factory.mktemp("pod"), free_port()
    (folder / "redis").mkdir()
    (folder / "data").mkdir()
    with valkey.running(folder / "redis", *valkey_options(folder / "redis", port), port=port):
        Pod.redis = f"127.0.0.1:{port}"
        with running(folder / "data", *container(())["args"], kind=Pod) as server:
            assert isinstance(server, Pod)
            yield server


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_answered_as_the_kubelet_asks_for_it(pod: Pod, name: str) -> None:
    probe, [port] = container(())[name], container(())["ports"]
    assert probe["httpGet"]["port"] == port["name"]
    answer = httpx2.get(pod.url + probe["httpGet"]["path"], headers={"host": POD_IP}, verify=NO_TLS)
    assert answer.status_code == 200


def test_what_the_monitor_scrapes_is_there(pod: Pod) -> None:
    [endpoint] = one(("monitoring",), "ServiceMonitor")["spec"]["endpoints"]
    answer = httpx2.get(pod.url + endpoint["path"], headers={"host": POD_IP}, verify=NO_TLS)
    assert answer.status_code == 200 and "mapsrv_" in answer.text


def test_a_map_is_kept_in_redis_and_its_link_is_that_of_the_service(pod: Pod) -> None:
    [made] = call(pod, "http", ("open_map", {"title": "From a pod"}))
    assert made["durability"] == "redis"
    answer = httpx2.post(f"{pod.url}/sessions", json={}, headers={"host": "localhost:8081"}, verify=NO_TLS)
    assert answer.json()["url"].startswith("http://localhost:8081/?session=")


def test_it_leaves_within_its_grace(pod: Pod) -> None:
    grace = one((), "Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace >= END_SECONDS, "which is how long it is given here"
    assert pod.stop(signal.SIGTERM) == 0
    assert "Traceback" not in pod.log and PASSWORD not in pod.log
