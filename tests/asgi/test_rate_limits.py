"""The rates of a process: who is refused, what is said then, and who never is. Virtual time."""

from __future__ import annotations

import math

import pytest
import trio

from mapsrv.asgi.error_body import error_headers
from mapsrv.asgi.rate_limits import HOLD_SECONDS, MAX_HELD, TABS, RateLimits
from mapsrv.config.rates import DEFAULT_RATES, Rate, rates
from mapsrv.errors import TooMany
from tests.kit.clock import Clock

ANA, BEN = "192.0.2.1", "192.0.2.2"


def refused(limits: RateLimits, name: str, caller: str = ANA, tab: str = "") -> TooMany:
    with pytest.raises(TooMany) as caught:
        limits.check(name, caller, tab)
    return caught.value


@pytest.mark.parametrize("rate", DEFAULT_RATES, ids=lambda rate: rate.name)
def test_a_burst_is_taken_then_one_is_refused_and_told_when_to_come(rate: Rate) -> None:
    clock = Clock()
    limits = RateLimits(DEFAULT_RATES, clock)
    for _ in range(rate.burst):
        limits.check(rate.name, ANA)
    error = refused(limits, rate.name)
    wait = math.ceil(1 / rate.per_second)
    window = math.ceil(rate.burst / rate.per_second)
    assert f"Wait {wait} s" in error.message and rate.name in error.message
    assert error_headers(error) == {
        "retry-after": str(wait),
        "ratelimit-policy": f'"{rate.name}";q={rate.burst};w={window}',
        "ratelimit": f'"{rate.name}";r=0;t={wait}',
    }
    limits.check(rate.name, BEN)
    clock.now += wait
    limits.check(rate.name, ANA)


def test_the_headers_are_as_the_draft_has_them() -> None:
    limits = RateLimits(rates("commands=20/m:2"), Clock())
    for _ in range(2):
        limits.check("commands", ANA)
    headers = error_headers(refused(limits, "commands"))
    assert headers["ratelimit-policy"] == '"commands";q=2;w=6'
    assert headers["ratelimit"] == '"commands";r=0;t=3' and headers["retry-after"] == "3"


def test_who_is_exempt_is_never_refused_and_nobody_is_where_rates_are_off() -> None:
    counted, off = RateLimits(rates("data=1/h:1"), Clock()), RateLimits(rates("off"), Clock())
    for _ in range(10_000):
        counted.check("data", None)
        for name in ("data", "commands", "presence", TABS.name):
            off.check(name, ANA, "tab")


def test_tabs_are_counted_each_and_what_one_name_has_is_not_another_s() -> None:
    limits = RateLimits(rates("presence=1/s:1 data=1/s:1"), Clock())
    limits.check("presence", ANA, "one")
    limits.check("presence", ANA, "two")
    limits.check("presence", BEN, "one")
    limits.check("data", ANA)
    assert refused(limits, "presence", ANA, "one").retry_after == 1
    refused(limits, "data")


def test_one_address_may_have_500_tabs_that_each_say_something_every_second() -> None:
    clock = Clock()
    limits = RateLimits(DEFAULT_RATES, clock)
    for second in range(20):
        clock.now = 1000.0 + second
        for tab in range(500):
            limits.check(TABS.name, ANA)
            limits.check("presence", ANA, f"tab {tab}")


async def test_time_is_trios_and_waiting_as_told_is_enough(autojump_clock: object) -> None:
    limits = RateLimits(rates("sessions=1/s:3"))
    taken = refusals = 0
    began = trio.current_time()
    while taken < 10:
        try:
            limits.check("sessions", ANA)
            taken += 1
        except TooMany as error:
            refusals += 1
            assert error.retry_after is not None
            await trio.sleep(error.retry_after)
    assert refusals == 7 and trio.current_time() - began == pytest.approx(7)


async def test_refusals_are_held_back_together_and_no_more_than_so_many(autojump_clock: object) -> None:
    limits, waits = RateLimits(DEFAULT_RATES), list[float]()

    async def refuse() -> None:
        began = trio.current_time()
        await limits.hold()
        waits.append(round(trio.current_time() - began, 6))

    for _ in range(2):
        async with trio.open_nursery() as nursery:
            for _ in range(MAX_HELD + 5):
                nursery.start_soon(refuse)
        assert sorted(waits) == [0.0] * 5 + [HOLD_SECONDS] * MAX_HELD, "places are given back"
        waits.clear()


async def test_who_leaves_meanwhile_gives_its_place_back(autojump_clock: object) -> None:
    limits = RateLimits(DEFAULT_RATES)
    for _ in range(MAX_HELD + 1):
        with trio.move_on_after(HOLD_SECONDS / 2):
            await limits.hold()
    began = trio.current_time()
    await limits.hold()
    assert trio.current_time() - began >= HOLD_SECONDS
