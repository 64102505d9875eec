"""One run of the MCP conformance suite (server side), and what it found."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from tests.kit import node

# "server-tools-list-2026-11-21T10-07-05-005Z": where the suite puts the checks of one scenario.
_FOLDER = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
_SUMMARY = re.compile(r"^([✓✗]) (\S+): (\d+) passed, (\d+) failed", re.MULTILINE)
_NOT_SCORED = re.compile(r"^  [✓✗] (\S+) \((?:extension|pending|added-after-release)\)", re.MULTILINE)

FINE = frozenset({"SUCCESS", "INFO"})


@dataclass(frozen=True, slots=True)
class Check:
    """What one check of a scenario came to."""

    scenario: str
    id: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: `passed` and `failed` count checks by scenario, as the suite's summary does."""

    code: int
    printed: str
    passed: dict[str, int]
    failed: dict[str, int]
    not_scored: frozenset[str]
    checks: Sequence[Check]

    @property
    def scored(self) -> set[str]:
        """The scenarios that the revision requires."""
        return set(self.passed) - self.not_scored

    def complaints(self, scenarios: set[str]) -> list[Check]:
        """Return the checks that failed, were skipped or warned."""
        return [check for check in self.checks if check.scenario in scenarios and check.status not in FINE]


async def run(url: str, *options: str, home: Path) -> Outcome:
    """Run the suite against an MCP endpoint; its results go to `home`."""
    results = home / "results"
    program = (node.node(), str(node.CONFORMANCE), "server")
    command = [*program, "--url", url, "--output-dir", str(results), *options]
    captured: Any = {"capture_stdout": True, "capture_stderr": True, "check": False}
    with trio.fail_after(node.RUN_SECONDS):
        done = await trio.run_process(command, cwd=home, env=node.environment(home), **captured)
    return _read(done.returncode, done.stdout.decode() + done.stderr.decode(), results)


def _read(code: int, printed: str, results: Path) -> Outcome:
    summary = _SUMMARY.findall(printed)
    passed = {scenario: int(count) for _, scenario, count, _ in summary}
    failed = {scenario: int(count) for _, scenario, _, count in summary}
    not_scored = frozenset(_NOT_SCORED.findall(printed))
    checks = [check for file in sorted(results.glob("*/checks.json")) for check in _checks(file)]
    return Outcome(code, printed, passed, failed, not_scored, checks)


def _checks(file: Path) -> list[Check]:
    named = _FOLDER.fullmatch(file.parent.name)
    assert named is not None, file
    told = json.loads(file.read_text())
    return [Check(named[1], one["id"], one["status"], one.get("errorMessage") or "") for one in told]
