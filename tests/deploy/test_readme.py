"""deploy/README.md: its links and names lead somewhere, and what it has mapsrv say, mapsrv says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.deploy.kit.kustomize import COMPONENTS, ROOT, documents
from tests.deploy.test_kustomize import OLDEST, VERSIONS
from tests.kit.error_tree import tree
from tests.test_pages import dead_links

PAGE = ROOT / "deploy" / "README.md"
TEXT = PAGE.read_text(encoding="utf-8")
CODES = {error.code for error in tree()}
SYMPTOMS = (
    *("CrashLoopBackOff", "MAPSRV_PORT", "read-only", "Pending", "not ready", "silent", "60 s", "persist"),
    *("403", "413", "429", "full", "older", "health fails"),
)
GAP = "…"  # what differs from time to time: a name, an address, a number
# Of the third column: what a message looks like, and not a command, a name or a setting.
MESSAGE = re.compile(r"(?=.*[a-z])(?:[^`]* ){2,}[^`]*")


def section(title: str) -> str:
    found = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert found, title
    return found


def rows() -> list[list[str]]:
    """Return the rows of the tables of Troubleshooting, as cells."""
    lines = [line for line in section("Troubleshooting").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0].strip("| ") != "symptom"]


def messages() -> list[str]:
    """Return what the page says that mapsrv says."""
    return [text for row in rows() for text in re.findall(r"`([^`]+)`", row[2]) if MESSAGE.fullmatch(text)]


@cache
def said() -> tuple[str, ...]:
    """Return every text in mapsrv's code, with a gap for what is put into it."""
    found = []
    for path in sorted((ROOT / "mapsrv").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"%[sdrg]|%\.\df", GAP, node.value))
    return tuple(found)


def is_said(message: str) -> bool:
    """Return whether one text of the code has all of the message's parts, in order."""
    parts = [part.strip() for part in message.split(GAP) if part.strip(" .:)(")]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return any(pattern.search(text) for text in said())


@pytest.mark.parametrize("message", messages())
def test_each_message_is_one_that_the_code_says(message: str) -> None:
    assert is_said(message)


def test_messages_were_found_and_one_that_nobody_says_is_found_out() -> None:
    assert len(messages()) >= 30
    assert not is_said("Redis has gone to lunch: wait for it.") and not is_said("Port … is too high")


def test_each_code_is_one_of_the_error_tree() -> None:
    found = set(re.findall(r"\b(?:40\d|41\d|42\d|50\d) `(\w+)`", TEXT))
    assert found >= {"forbidden", "too_large", "too_many", "draining", "store_unavailable", "newer_format"}
    assert found <= CODES


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    assert dead_links(PAGE) == []


def test_every_component_has_its_row_and_every_version_is_named() -> None:
    found = re.findall(r"^\| `([\w-]+)` \| ", section("On Kubernetes"), re.MULTILINE)
    assert tuple(found) == COMPONENTS
    assert f"Kubernetes {OLDEST}" in TEXT and all(
        version in section("What was not tried") for version in VERSIONS
    )


def test_what_commands_name_is_there() -> None:
    there = {f"{each['kind'].lower()}/{each['metadata']['name']}" for each in documents(())}
    there |= {each.replace("deployment/", "deploy/") for each in there}
    named = set(re.findall(r"\b(?:deployment|deploy|statefulset|service|networkpolicy)/\w+", TEXT))
    assert named - {"deploy/k8s"} <= there and len(named) >= 4
    folders = re.findall(r"-k (deploy/\S+)", TEXT)
    assert folders and all((ROOT / folder / "kustomization.yaml").is_file() for folder in folders)
    assert all((ROOT / path).exists() for path in re.findall(r"cp -r (\S+) ", TEXT))


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_symptom_that_people_have_is_told(symptom: str) -> None:
    assert symptom in section("Troubleshooting")


def test_the_example_s_commands_are_those_of_the_page() -> None:
    head = (ROOT / "deploy/k8s/example/kustomization.yaml").read_text().partition("apiVersion")[0]
    commands = re.findall(r"^#   (.+)$", head, re.MULTILINE)
    assert len(commands) >= 5 and all(f"\n{command}\n" in TEXT for command in commands)
    assert Path(ROOT / "deploy" / "k8s" / "example").is_dir()
