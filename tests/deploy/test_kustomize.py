"""deploy/k8s renders: the base, each component, each pair, all. What is rendered is what is committed."""

from __future__ import annotations

import json
from pathlib import Path

import kubernetes_validate
import pytest
from kubernetes_validate.utils import major_minor

from tests.deploy.kit.kustomize import (
    ALONE,
    COMPONENTS,
    CUSTOM,
    K8S,
    KUBECTL,
    PAIRS,
    RENDERED,
    SETS,
    Components,
    documents,
    kind_of,
    name_of,
    parsed,
    render,
    text_of,
    written,
)

OLDEST = "1.27"  # what deploy/README.md asks for
VERSIONS = (OLDEST, "1.32", major_minor(kubernetes_validate.latest_version()))


@pytest.mark.parametrize("components", SETS, ids=name_of)
def test_any_set_of_components_renders_and_names_nothing_twice(components: Components) -> None:
    if KUBECTL is None and components not in ALONE:
        pytest.skip("no kubectl: only the files of deploy/k8s/rendered are tested")
    found = documents(components)
    names = [(*kind_of(each), each["metadata"].get("namespace"), each["metadata"]["name"]) for each in found]
    assert len(found) >= 8 and sorted(set(names), key=str) == sorted(names, key=str)


@pytest.mark.parametrize("components", PAIRS, ids=name_of)
def test_the_order_of_components_takes_nothing_away(components: Components) -> None:
    kinds = [sorted(map(kind_of, parsed(text_of(each)))) for each in (components, components[::-1])]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("components", ALONE, ids=name_of)
def test_what_is_committed_is_what_kubectl_makes_of_it(components: Components) -> None:
    assert written(components) == parsed(text_of(components)), "python -m tests.deploy.render"


def test_nothing_else_is_committed_as_rendered() -> None:
    assert {path.stem for path in RENDERED.iterdir()} == {name_of(components) for components in ALONE}


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_all_that_is_said(version: str) -> None:
    distinct = {json.dumps(each): each for components in ALONE for each in documents(components)}
    if KUBECTL is not None:
        distinct |= {json.dumps(each): each for each in documents(COMPONENTS)}
    checked = []
    for document in distinct.values():
        if kind_of(document) not in CUSTOM:
            assert kubernetes_validate.validate(document, version, strict=True) == version
            checked.append(document["kind"])
    assert len(set(checked)) >= 10


def test_an_unknown_word_is_found() -> None:
    document = written(())[0] | {"spec": {"finalizer": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, OLDEST, strict=True)


# --- the example -------------------------------------------------------------------------------------


def edited(mine: Path, old: str, new: str) -> None:
    file = mine / "kustomization.yaml"
    text = file.read_text()
    assert text.count(old) >= 1
    file.write_text(text.replace(old, new))


def test_the_example_says_the_host_once_and_it_goes_everywhere(mine: Path) -> None:
    edited(mine, "URL=https://maps.example.com", "URL=https://maps.of.mine")
    edited(mine, "components/gateway", "components/gateway\n  - ../components/ingress-nginx")
    text = render(mine)
    assert "maps.example.com" not in text and text.count("maps.of.mine") == 7


def test_the_example_has_its_own_image_and_passwords(mine: Path) -> None:
    text = render(mine)
    assert "image: registry.example.com/mapsrv:0.1.0\n" in text and "image: mapsrv" not in text
    [secret] = [each for each in parsed(text) if each["kind"] == "Secret"]
    assert secret["data"] == {"password": "YWJjMTIz", "sentinel": "ZGVmNDU2"}


@pytest.mark.parametrize("components", [(), ("ingress-nginx",), ("sentinel",)], ids=name_of)
def test_the_example_renders_with_other_components(mine: Path, components: Components) -> None:
    for name in ("gateway", "monitoring", "tls"):
        edited(mine, f"  - ../components/{name}\n", "")
    listed = "".join(f"  - ../components/{name}\n" for name in components)
    edited(mine, "components:\n", f"components:\n{listed}")
    if not components:
        edited(mine, "components:\n", "")
    assert "MAPSRV_PUBLIC_URL: https://maps.example.com" in render(mine)


def test_git_takes_no_passwords_of_an_overlay() -> None:
    ignored = (K8S.parents[1] / ".gitignore").read_text().splitlines()
    assert "/deploy/k8s/*/redis.env" in ignored and "!/deploy/k8s/base/redis.env" in ignored
