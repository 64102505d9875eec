"""The official MCP conformance suite against our transports, in both revisions that they serve.

It runs what the suite's frozen requirement set of each revision names, and expects no failures but those of
ASKING, all of them. Beyond that set it runs scenarios that do not count; those that can apply must pass too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from tests.e2e.conformance.kit import suite
from tests.e2e.conformance.kit.fixture import make_server
from tests.e2e.conformance.kit.serving import HOST, serving
from tests.e2e.kit.server import Server

# Sampling and logging are asked for by the suite, and on their way out of the protocol.
pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")

# A server that asks its client something in the middle of a call, up to 2025-11-25 by a request of its own,
# whose answer is a POST that names the MCP session alone. On /mcp no process keeps one, so no such answer
# could find its way, and the server is told so at once. No tool of mapsrv asks. Since 2026-07-28 the answer
# comes with the call made again, which works.
ASKING = {
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
}

# Skipped, as DELETE is 405: an MCP session that is kept nowhere cannot be ended.
OF_AN_END = {"server-session-delete-accepted", "server-session-terminated-returns-404"}

# The scenarios and the checks that each revision's requirement set had when it was first run here, and those
# that do not pass.
REVISIONS: list[tuple[str, int, int, set[str]]] = [
    ("2025-11-25", 30, 58, ASKING),
    ("2026-07-28", 37, 115, set()),
]

# Not required by any revision, and not applicable: the tasks extension, which we do not announce, and
# taking up a broken stream of /mcp again, which needs an event store; a call is repeated by its key instead.
NOT_APPLICABLE = ("tasks-", "server-sse-polling")

# What the suite can ask of a server that has tools of its own and no fixture: mapsrv itself.
OF_A_REAL_SERVER = {
    "2025-11-25": {
        "server-initialize",
        "ping",
        "tools-list",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "server-session-lifecycle",
    },
    "2026-07-28": {
        "server-stateless",
        "tools-list",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "input-required-result-unsupported-methods",
        "http-header-validation",
    },
}
# Checks of these that call a tool of the fixture, so that only the fixture can pass them.
OF_THE_FIXTURE = {"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"}


@pytest.mark.parametrize(("revision", "scenarios", "checks", "asking"), REVISIONS)
async def test_the_transports_pass_the_conformance_suite(
    node_home: Path, revision: str, scenarios: int, checks: int, asking: set[str]
) -> None:
    async with serving(make_server) as base:
        outcome = await suite.run(f"{base}/mcp", "--requirements", revision, home=node_home)
    assert (outcome.code == 0) is (not asking), outcome.printed
    assert len(outcome.scored) >= scenarios, outcome.printed
    assert sum(outcome.passed[scenario] for scenario in outcome.scored) >= checks, outcome.printed
    assert min(outcome.passed[scenario] for scenario in outcome.scored) >= 1, outcome.printed
    applicable = {scenario for scenario in outcome.passed if not scenario.startswith(NOT_APPLICABLE)}
    assert outcome.scored <= applicable
    assert {check.scenario for check in outcome.checks} >= applicable
    assert {scenario for scenario in applicable if outcome.failed[scenario]} == asking
    others = [check for check in outcome.complaints(applicable - asking) if check.id not in OF_AN_END]
    assert others == []
    told = [check.message for check in outcome.complaints(asking)]
    assert len(told) == len(asking) and all("back-channel" in message.lower() for message in told), told


@pytest.mark.parametrize("revision", OF_A_REAL_SERVER)
async def test_mapsrv_itself_passes_what_applies_to_it(
    node_home: Path, revision: str, server: Server
) -> None:
    outcome = await suite.run(f"{server.url}/mcp", "--requirements", revision, home=node_home)
    asked = OF_A_REAL_SERVER[revision]
    assert asked <= outcome.passed.keys(), outcome.printed
    assert min(outcome.passed[scenario] for scenario in asked) >= 1, outcome.printed
    # Skipped are what it does not announce: subscriptions.
    found = [check for check in outcome.complaints(asked) if check.status != "SKIPPED"]
    assert [check for check in found if check.id not in OF_THE_FIXTURE] == []


class AnyHost(OriginGuard):
    """A fault to be found: every page on the web may call."""

    def check(self, *args: Any, **options: Any) -> None:
        return None


async def test_the_suite_can_fail_here(node_home: Path) -> None:
    async with serving(make_server, AnyHost(HOST)) as base:
        outcome = await suite.run(f"{base}/mcp", "--scenario", "dns-rebinding-protection", home=node_home)
    assert outcome.code != 0
    found = outcome.complaints({"dns-rebinding-protection"})
    assert [(check.status, bool(check.message)) for check in found] == [("FAILURE", True)]
