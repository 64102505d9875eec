"""The line from one pod to Redis flaps, on a map of 2,000 layers: the pod comes back, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.failures import table
from tests.failures.run import run
from tests.failures.test_failures import SEED

WATCHDOG = 5.0  # seconds for an answer of /health or /ready: ten times what it should be
MOST_GROWTH = 150  # MiB of a pod


@pytest.mark.parametrize("fault", ["flaps", "flaps-busy"])
def test_a_pod_whose_line_flaps_answers_all_the_time_and_loses_nothing(fault: str) -> None:
    result = run(fault, SEED)
    assert (result.lost, result.lost_in_memory, result.doubled) == (0, 0, 0), table.line(result)
    assert result.good, table.line(result)
    assert result.slowest < WATCHDOG and result.grown < MOST_GROWTH, table.line(result)
