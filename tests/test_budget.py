"""The budget of bytes in flight: never negative, never over, nothing left when all have gone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.budget import QUARTER, Budget, Claim
from mapsrv.errors import Busy

SIZE = 1000
CALLERS = [None, "127.0.0.1", "192.0.2.1", "192.0.2.2", "2001:db8::/64", "odd"]

steps = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["take", "leave"]), st.integers(0, SIZE + 1)), max_size=60
)


@given(st.lists(st.sampled_from(CALLERS), min_size=6, max_size=6), steps)
def test_what_is_taken_is_what_claims_have_and_never_over_either_bound(
    whose: list[str | None], steps: list[tuple[int, str, int]]
) -> None:
    budget = Budget(SIZE)
    claims = [budget.claim(caller) for caller in whose]
    for number, what, size in steps:
        claim, before = claims[number], claims[number].size
        if what == "leave":
            claim.give_back()
            assert claim.size == 0
        else:
            try:
                claim.take(size)
                assert claim.size == before + size
            except Busy as error:
                assert claim.size == before and error.retry_after and error.status == 503
        assert 0 <= budget.all.taken == sum(each.size for each in claims) <= SIZE
        for caller in set(whose) - {None}:
            of = [each.size for each, at in zip(claims, whose, strict=True) if at == caller]
            assert budget.of(caller).taken == sum(of) <= SIZE / QUARTER
    for claim in claims:
        claim.give_back()
    assert budget.all.taken == 0 and not budget.pressed


@given(st.integers(0, 2 * SIZE))
def test_what_would_not_fit_is_known_before_it_is_taken(size: int) -> None:
    claim = Budget(SIZE).claim(None)
    try:
        claim.check(size)
    except Busy:
        assert size > SIZE
    else:
        claim.take(size)


def test_a_caller_may_take_a_quarter_and_one_that_is_exempt_the_whole() -> None:
    budget = Budget(SIZE)
    with pytest.raises(Busy):
        budget.claim("192.0.2.1").take(SIZE // QUARTER + 1)
    budget.claim(None).take(SIZE)


def test_a_block_gives_back_what_it_took_however_it_ends() -> None:
    budget = Budget(SIZE)
    with pytest.raises(ZeroDivisionError), budget.claim("192.0.2.1") as claim:
        claim.take(10)
        raise ZeroDivisionError
    assert budget.all.taken == 0


def test_a_caller_that_has_nothing_out_is_forgotten() -> None:
    budget = Budget(SIZE)
    claims: list[Claim] = [budget.claim(f"192.0.2.{number}") for number in range(200)]
    assert len(budget._of) == 200
    claims.clear()
    assert len(budget._of) == 0


def test_over_half_is_pressed_and_without_a_bound_nothing_is() -> None:
    budget, unbounded = Budget(SIZE), Budget()
    claim = budget.claim(None)
    claim.take(SIZE // 2)
    assert not budget.pressed
    claim.take(1)
    assert budget.pressed
    unbounded.claim("192.0.2.1").take(2**40)
    assert not unbounded.pressed and unbounded.all.size == math.inf
