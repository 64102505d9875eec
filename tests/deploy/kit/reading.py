"""What stands in rendered documents: sizes, containers, and the environment that a pod gets."""

from __future__ import annotations

import re

from tests.deploy.kit.kustomize import Components, Document, container, documents, one

SIZES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "mb": 2**20, "gb": 2**30, "": 1}


def size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([A-Za-z]*)", text)
    assert found, text
    return int(found[1]) * SIZES[found[2]]


def workloads(components: Components) -> list[Document]:
    return [each for each in documents(components) if each["kind"] in ("Deployment", "StatefulSet")]


def containers(work: Document) -> list[Document]:
    return list(work["spec"]["template"]["spec"]["containers"])


def variables(components: Components) -> dict[str, str]:
    """Return what the container's environment says, as Kubernetes puts it together; secrets as `secret`."""
    found: dict[str, str] = dict(one(components, "ConfigMap")["data"])
    for entry in container(components)["env"]:
        value = entry.get("value", "secret")
        for name in re.findall(r"\$\((\w+)\)", value):
            assert name in found, f"{name} must stand before {entry['name']}"
            value = value.replace(f"$({name})", found[name])
        found[entry["name"]] = value
    return found
