"""What Kubernetes' own schemas do not know, held against the models of npm's @kubernetes-models.

Their validators know types and choices, and let unknown words pass; TypeScript, which is given each document
as a literal of the model's type, does not.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.kit.kustomize import ALONE, CUSTOM, KUBECTL, Document, documents, kind_of
from tests.kit import node

NPM = Path(__file__).parent / "kit" / "npm"
TSC = NPM / "node_modules" / "typescript" / "bin" / "tsc"
# Of the experimental channel, which the models are not of: by its path alone.
EXPERIMENTAL = "sessionPersistence"
SECONDS = 90.0
PACKAGES = {
    "gateway.networking.k8s.io/v1": "gateway-api",
    "cert-manager.io/v1": "cert-manager",
    "monitoring.coreos.com/v1": "prometheus-operator",
}
OPTIONS = (
    "--noEmit --strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext".split()
)


@pytest.fixture(scope="module")
def models() -> None:
    node.installed(NPM)


def custom() -> list[Document]:
    sets = [*ALONE, ("gateway", "sticky"), ("gateway", "tls")] if KUBECTL else ALONE
    found = {json.dumps(each): each for components in sets for each in documents(components)}
    return [each for each in found.values() if kind_of(each) in CUSTOM]


def standard(document: Any) -> Any:
    """Return a document without what is experimental."""
    if isinstance(document, dict):
        return {name: standard(value) for name, value in document.items() if name != EXPERIMENTAL}
    return [standard(each) for each in document] if isinstance(document, list) else document


def validated(found: list[Document]) -> str:
    """Return what the models' validators say."""
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": SECONDS}
    command = [node.node(), str(NPM / "validate.mjs")]
    done = subprocess.run(command, input=json.dumps(found), cwd=NPM, **options)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def typed(found: list[Document], folder: Path) -> str:
    """Return what TypeScript says of the documents as literals."""
    (folder / "node_modules").symlink_to(NPM / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    text = ""
    for number, document in enumerate(found):
        version, kind = kind_of(document)
        model = f"@kubernetes-models/{PACKAGES[version]}/{version}/{kind}"
        text += f'import type {{ I{kind} as T{number} }} from "{model}";\n'
        text += f"export const d{number}: T{number} = {json.dumps(document)};\n"
    (folder / "documents.ts").write_text(text)
    command = [node.node(), str(TSC), *OPTIONS, "documents.ts"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS).stdout


def test_the_models_take_all_that_is_said(models: None, tmp_path: Path) -> None:
    found = [standard(each) for each in custom()]
    assert {kind_of(each) for each in found} == CUSTOM
    assert validated(found) == "" and typed(found, tmp_path) == ""


def test_a_wrong_type_and_an_unknown_word_are_found(models: None, tmp_path: Path) -> None:
    [route, *_] = [each for each in custom() if each["kind"] == "HTTPRoute"]
    wrong = json.loads(json.dumps(standard(route)))
    wrong["spec"]["rules"][0]["backendRefs"][0]["port"] = "http"
    assert "port" in validated([wrong])
    unknown = json.loads(json.dumps(standard(route)))
    unknown["spec"]["rules"][0]["timeout"] = {"request": "0s"}
    assert validated([unknown]) == "" and '"timeout"' in typed([unknown], tmp_path)


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl: it is in no rendered file")
def test_a_cookie_for_the_route_is_as_the_experimental_channel_has_it() -> None:
    found = documents(("gateway", "sticky"))
    [route] = [each for each in found if each["kind"] == "HTTPRoute" and each["metadata"]["name"] == "mapsrv"]
    for rule in route["spec"]["rules"]:
        assert rule[EXPERIMENTAL].keys() == {"type", "sessionName", "cookieConfig"}
        assert rule[EXPERIMENTAL]["type"] == "Cookie"
        assert rule[EXPERIMENTAL]["cookieConfig"] == {"lifetimeType": "Session"}
