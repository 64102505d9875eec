"""How an assistant is connected: one file of words, from which the banner, the page and the docs are held."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from mapsrv.wire.connect import config, filled, steps, words
from tests.test_docs import README, ROOT

COMMAND = ["/full/path/to/mapsrv", "stdio"]
HERE, THERE = "http://127.0.0.1:8081", "https://maps.example.org"
GUIDES = {"Claude Code": "claude-code", "Claude Desktop": "claude-desktop"}


def plain(text: str) -> str:
    """Return a page's words as they are read: without marks of code, and of how its lines are broken."""
    return re.sub(r"\s+", " ", text.replace("`", ""))


def guide(name: str) -> str:
    return (ROOT / "docs" / "clients" / f"{name}.md").read_text(encoding="utf-8")


def test_each_step_has_a_place_and_no_gap_is_left_where_all_is_known() -> None:
    used = {name for names in words()["places"].values() for name in names}
    assert used == set(words()["steps"])
    for place in words()["places"]:
        for step in steps(place, base=HERE, command=COMMAND):
            assert step.texts and not any(re.search(r"\{\w+\}", text) for text in step.texts)
            assert step.where.endswith(":")


def test_what_is_not_known_stays_a_gap_and_what_is_put_in_has_none() -> None:
    assert [step.texts[0] for step in steps("own")][:2] == [
        "claude mcp add --scope user mapsrv -- {shell}",
        "{config}",
    ]
    assert filled("{a} {b} {c}", {"a": "{b}", "b": "x"}) == "{b} x {c}"


def test_a_command_is_quoted_for_the_shell_and_whole_for_the_file() -> None:
    command = ["/my maps/mapsrv", "stdio", "--data-dir", "/it's"]
    code, desktop, _ = steps("own", base=HERE, command=command)
    assert shlex.split(code.texts[0])[-4:] == command
    assert json.loads(desktop.texts[0]) == config(command)
    assert config(command)["mcpServers"]["mapsrv"] == {"command": command[0], "args": command[1:]}


@pytest.mark.parametrize("step", steps("own", base=HERE, command=COMMAND), ids=lambda step: step.client)
def test_the_readme_has_each_step_word_for_word(step: object) -> None:
    (row,) = [line for line in README.splitlines() if line.startswith(f"| {step.client} |")]
    texts = ", ".join(f"`{text}`" for text in step.texts)
    assert row == f"| {step.client} | {step.where} {texts} |"


@pytest.mark.parametrize("step", steps("own", command=COMMAND), ids=lambda step: step.client)
def test_the_clients_pages_have_them_too(step: object) -> None:
    if (name := GUIDES.get(step.client)) is None:
        return
    page = guide(name)
    assert step.where in plain(page)
    blocks = re.findall(r"```\w+\n(.*?)```", page, re.DOTALL)
    if step.texts[0].startswith("{"):
        assert json.loads(step.texts[0]) in [json.loads(block) for block in blocks if block.startswith("{")]
    else:
        assert f"{step.texts[0]}\n" in blocks


def test_what_is_done_at_a_public_address_stands_in_the_clients_pages() -> None:
    connector, code, _ = steps("public", base=THERE)
    assert f"{connector.where} {connector.texts[0]}" in plain(guide("claude-desktop"))
    assert f"\n{code.texts[0]}\n" in guide("claude-code")


def test_what_to_say_then_stands_in_the_readme_and_the_clients_pages() -> None:
    assert f'{words()["then"]} "{words()["say"]}"' in plain(README)
    assert f'"{filled(words()["say_where"], {"link": "LINK"})}"' in plain(guide("README"))
    assert words()["say"] in plain(guide("claude-desktop"))
