"""deploy/k8s as Kubernetes is given it: the base with any set of components, as documents.

`kubectl kustomize` renders them. A machine without kubectl has the files of deploy/k8s/rendered, which are
what it said of the base and of each component alone; `python -m tests.deploy.render` writes them anew.
"""

from __future__ import annotations

import functools
import itertools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
K8S = ROOT / "deploy" / "k8s"
RENDERED = K8S / "rendered"
COMPONENTS = tuple(sorted(folder.name for folder in (K8S / "components").iterdir()))
KUBECTL = shutil.which("kubectl")
RENDER_SECONDS = 60.0

Document = dict[str, Any]
Components = tuple[str, ...]

ALONE: tuple[Components, ...] = ((), *((name,) for name in COMPONENTS))
PAIRS: tuple[Components, ...] = tuple(itertools.combinations(COMPONENTS, 2))
SETS = (*ALONE, *PAIRS, COMPONENTS)

# What others define, by definitions that are installed with them (test_custom_resources.py).
CUSTOM = {
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("cert-manager.io/v1", "ClusterIssuer"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
}

KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def name_of(components: Components) -> str:
    """Return what a set is called."""
    return "+".join(components) or "base"


@functools.cache
def text_of(components: Components) -> str:
    """Return what kubectl makes of the base with these, in their order; skips the test where it is not."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "k8s"
        shutil.copytree(K8S, copy)
        (copy / "set").mkdir()
        listed = "".join(f"  - ../components/{name}\n" for name in components)
        text = KUSTOMIZATION + "resources:\n  - ../base\n" + (f"components:\n{listed}" if listed else "")
        (copy / "set" / "kustomization.yaml").write_text(text)
        return render(copy / "set")


def render(folder: Path) -> str:
    """Return what kubectl makes of a folder; skips the test where there is no kubectl."""
    if KUBECTL is None:  # with CI set too: not every machine can have one
        pytest.skip("no kubectl: only the files of deploy/k8s/rendered are tested")
    command = [KUBECTL, "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RENDER_SECONDS)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def documents(components: Components) -> list[Document]:
    """Return a set's documents: from kubectl, or else from the rendered file where there is one."""
    if KUBECTL is None and components in ALONE:
        return written(components)
    return parsed(text_of(components))


def written(components: Components) -> list[Document]:
    """Return what stands in the rendered file."""
    return parsed((RENDERED / f"{name_of(components)}.yaml").read_text(encoding="utf-8"))


def parsed(text: str) -> list[Document]:
    return [document for document in yaml.safe_load_all(text) if document is not None]


def kind_of(document: Document) -> tuple[str, str]:
    return document["apiVersion"], document["kind"]


def one(components: Components, kind: str, name: str = "mapsrv") -> Document:
    """Return the one document of a kind and a name, which for what is generated ends in a hash."""
    found = [each for each in documents(components) if each["kind"] == kind and called(each, name)]
    assert len(found) == 1, (kind, name, [each["metadata"]["name"] for each in found])
    return found[0]


def called(document: Document, name: str) -> bool:
    said = document["metadata"]["name"]
    return bool(said == name or (document["kind"] == "ConfigMap" and said.rpartition("-")[0] == name))


def container(components: Components, kind: str = "Deployment", name: str = "mapsrv") -> Document:
    """Return the one container of a workload."""
    [found] = one(components, kind, name)["spec"]["template"]["spec"]["containers"]
    return dict(found)
