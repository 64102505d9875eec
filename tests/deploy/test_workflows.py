""".github/workflows: what zizmor and their schema, which tox runs over them, do not know."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kit.kustomize import K8S, KUBECTL, ROOT, render

FILES = sorted((ROOT / ".github" / "workflows").iterdir())
DIGEST = "sha256:" + "ab" * 32


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_by_a_commit_with_its_version_beside(file: Path) -> None:
    uses = re.findall(r"uses: (.*)$", file.read_text(), re.MULTILINE)
    assert uses and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in uses)


def test_an_action_is_of_one_version_everywhere() -> None:
    pins = {one for file in FILES for one in re.findall(r"uses: (.*)$", file.read_text(), re.MULTILINE)}
    assert len({one.partition("@")[0] for one in pins}) == len(pins)


def test_ci_runs_the_very_script() -> None:
    assert any(step.get("run", "") == "bash .ci/run" for step in steps(FILES[0]))


def test_a_release_writes_its_digest_into_the_kustomization(tmp_path: Path, mine: Path) -> None:
    script = mine.parent / "set_image.py"
    assert (K8S / script.name).read_text() == script.read_text()
    words = ["registry.example.org/maps", "1.2.3", DIGEST]
    subprocess.run([sys.executable, str(script), *words], check=True)
    (mine.parent / "example" / "redis.env").write_text((mine / "redis.env").read_text())
    if KUBECTL is None:
        pytest.skip("no kubectl")
    for folder in ("base", "example"):
        assert f"image: registry.example.org/maps:1.2.3@{DIGEST}\n" in render(mine.parent / folder)


def test_what_is_no_digest_is_refused(tmp_path: Path) -> None:
    script = [sys.executable, str(K8S / "set_image.py"), "a/b", "1.2.3", "latest"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 1 and "sha256:DIGEST" in done.stderr


def test_the_release_calls_the_script_by_its_name() -> None:
    runs = "\n".join(step.get("run", "") for step in steps(FILES[1]))
    assert "python3 deploy/k8s/set_image.py" in runs and (K8S / "set_image.py").is_file()
