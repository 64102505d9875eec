"""Times as RFC 3339 has them, in milliseconds, as datetime would write them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mapsrv.hub.clock import Clock


@given(st.integers(0, 4_000_000_000), st.integers(0, 999))
def test_a_time_is_told_in_milliseconds(seconds: int, milliseconds: int) -> None:
    now = seconds + (milliseconds + 0.5) / 1000  # in the middle, where no rounding reaches
    made = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    assert Clock(lambda: now).at() == made.replace("+00:00", "Z")


def test_times_of_one_second_follow_each_other() -> None:
    moments = iter([1.0, 1.25, 1.75, 2.0])
    clock = Clock(lambda: next(moments))
    assert [clock.at() for _ in range(4)] == [
        "1970-01-01T00:00:01.000Z",
        "1970-01-01T00:00:01.250Z",
        "1970-01-01T00:00:01.750Z",
        "1970-01-01T00:00:02.000Z",
    ]
