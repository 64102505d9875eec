"""Each fault once, as the table measures it: what is acknowledged is there, and was done once.

Those of a large map are in tests/abuse/test_flapping.py.
"""

from __future__ import annotations

import pytest

from tests.failures import table
from tests.failures.faults import FAULTS
from tests.failures.run import run

SEED = 1000  # far from those of the table


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if not fault.layers])
def test_nothing_acknowledged_is_lost_or_done_twice(fault: str) -> None:
    result = run(fault, SEED)
    assert (result.lost, result.doubled) == (0, 0), table.line(result)
    assert result.good, table.line(result)
