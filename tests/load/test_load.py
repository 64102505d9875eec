"""The loads of `python -m tests.load`, small and short: nobody is refused, and nothing is left over."""

from __future__ import annotations

import os

import pytest

from tests.load import environment
from tests.load.measure import run
from tests.load.result import Load

SECONDS = 20.0
ALONE, PODS = Load(100, 25, 100), Load(100, 25, 100, pods=True)


@pytest.mark.parametrize("load", [ALONE, PODS], ids=["alone", "pods"])
def test_a_load_meets_no_error_and_leaves_nothing(load: Load) -> None:
    if (wrong := environment.problem()) is not None:
        pytest.fail(wrong) if os.environ.get("CI") else pytest.skip(wrong)
    result = run(load, SECONDS)
    assert (result.failed, result.examples) == ({}, [])
    assert result.left == []
    connected = {name: len(times) for name, times in result.times.items() if name.startswith("connect ")}
    assert connected == {"connect /sse": load.sse, "connect /mcp": load.mcp, "connect /events": load.pages}
    assert result.times["call /sse"] and result.times["call /mcp"] and result.times["shown /events"]
