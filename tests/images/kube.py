"""deploy/k8s/base as it is rendered, run by `podman kube play` with its Redis beside it, and asked for a map.

Podman plays no StatefulSet, no Service and no probe: Redis is played as the Pod that its StatefulSet makes,
and is found by its name; a Deployment is played as one of its pods, and what the probes ask is asked here.
"""

from __future__ import annotations

import base64
import json
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.kit.server import wait_until
from tests.images.check import check
from tests.images.podman import build, podman
from tests.images.site import Published, ask
from tests.kit.ports import free_port

RENDERED = Path(__file__).resolve().parents[2] / "deploy" / "k8s" / "rendered" / "base.yaml"
BASES = ("docker.io/library/python:3.13-slim", "docker.io/valkey/valkey:9.1.0-alpine")
PLAYED = ("ConfigMap", "Deployment")
START_SECONDS = 60.0


def played(documents: list[dict[str, Any]], image: str, port: int) -> list[dict[str, Any]]:
    """Return what podman is given: Redis first, then what it knows of the rest."""
    redis = next(document for document in documents if document["kind"] == "StatefulSet")
    claim = redis["spec"]["volumeClaimTemplates"][0]
    template = redis["spec"]["template"]
    volume = {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": "redis-data"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], "name": "redis"},
        "spec": {**template["spec"], "volumes": [volume]},
    }
    others = [document for document in documents if document["kind"] in PLAYED]
    for document in others:
        if document["kind"] == "Deployment":
            document["spec"]["replicas"] = 1
            container = document["spec"]["template"]["spec"]["containers"][0]
            container["image"] = image
            container["ports"][0] |= {"hostPort": port, "hostIP": "127.0.0.1"}  # in place of the Service
    for spec in (pod["spec"], *(one["spec"]["template"]["spec"] for one in others if "spec" in one)):
        for container in spec["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                del container[probe]  # podman has systemd ask
            _expand(container, documents)
    return [pod, *others]


def _expand(container: dict[str, Any], documents: list[dict[str, Any]]) -> None:
    """Write variables of Secrets where Kubernetes would: podman leaves $(NAME) as it stands."""
    secret = {one["metadata"]["name"]: one["data"] for one in documents if one["kind"] == "Secret"}
    for variable in [one for one in container["env"] if "valueFrom" in one]:
        where = variable["valueFrom"]["secretKeyRef"]
        value = base64.b64decode(secret[where["name"]][where["key"]]).decode()
        for other in container["env"]:
            if "value" in other:
                other["value"] = other["value"].replace(f"$({variable['name']})", value)
        container["args"] = [word.replace(f"$({variable['name']})", value) for word in container["args"]]


@contextmanager
def secrets_of(documents: list[dict[str, Any]]) -> Iterator[None]:
    """Have podman know the Secrets: up to 4.3 it cannot read those that it plays."""
    found = {one["metadata"]["name"]: one["data"] for one in documents if one["kind"] == "Secret"}
    try:
        for name, data in found.items():
            with tempfile.NamedTemporaryFile("w", prefix="mapsrv-secret-") as file:
                json.dump(data, file)
                file.flush()
                podman("secret", "create", name, file.name)
        yield
    finally:
        for name in found:
            podman("secret", "rm", name, check=False)


@contextmanager
def playing(documents: list[dict[str, Any]]) -> Iterator[None]:
    """Have podman play them, in a network of their own; take all of it away again."""
    network = f"mapsrv-tried-{secrets.token_hex(3)}"
    podman("network", "create", network)
    with tempfile.TemporaryDirectory(prefix="mapsrv-kube-") as folder:
        path = Path(folder, "played.yaml")
        path.write_text(yaml.safe_dump_all(documents))
        try:
            podman("kube", "play", "--network", network, str(path), seconds=300)
            yield
        finally:
            podman("kube", "down", str(path), check=False)
            podman("volume", "rm", "-f", "redis-data", check=False)
            podman("network", "rm", "-f", network, check=False)


def main() -> None:
    """Play it, ask for a map, and once more after the server was started anew."""
    image = "localhost/mapsrv:tried"
    build(image, "Dockerfile")
    documents = [document for document in yaml.safe_load_all(RENDERED.read_text()) if document]
    server = Published(free_port())
    with secrets_of(documents), playing(played(documents, image, server.port)):
        wait_until(lambda: server.answers("/ready"), START_SECONDS)
        session_id = ask(server)
        kept = server.command(session_id, "set_basemap", name="none")["durability"]
        check(f"it is kept in {kept}", kept == "redis")
        container = podman("ps", "-q", "--filter", "name=mapsrv-pod.*-mapsrv$").split()[0]
        podman("restart", "--time", "45", container, seconds=60)
        wait_until(lambda: server.answers("/ready"), START_SECONDS)
        check("another server has the map", server.state(session_id)["state"]["title"] == "From an image")
