"""Each fault once, as the table measures it: what is acknowledged is there, and was done once."""

from __future__ import annotations

import pytest

from tests.failures import table
from tests.failures.faults import FAULTS
from tests.failures.run import run

SEED = 1000  # far from those of the table
WATCHDOG = 5.0  # seconds for an answer of /health or /ready: ten times what it should be
MOST_GROWTH = 150  # MiB of a pod, while the line of one flaps


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_acknowledged_is_lost_or_done_twice(fault: str) -> None:
    result = run(fault, SEED)
    assert (result.lost, result.doubled) == (0, 0), table.line(result)
    assert result.good, table.line(result)
    if FAULTS[fault].layers:
        assert result.lost_in_memory == 0, table.line(result)
        assert result.slowest < WATCHDOG and result.grown < MOST_GROWTH, table.line(result)
