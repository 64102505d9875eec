"""How a session stands: every pair of a standing and a sign, and whole walks."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.hub.standing import TRANSITIONS, Sign, Standing, after
from tests import diagram

PAIRS = list(itertools.product(Standing, Sign))
SIGNS = st.lists(st.sampled_from(Sign), max_size=40)


def walk(signs: list[Sign]) -> list[tuple[Sign, Standing]]:
    """Return what a new session is after each sign that can happen to it; the others are left out."""
    standing, path = Standing.IN_STEP, []
    for sign in signs:
        if sign in TRANSITIONS[standing]:
            standing = after(standing, sign)
            path.append((sign, standing))
    return path


@pytest.mark.parametrize(("standing", "sign"), PAIRS, ids=lambda one: one.name.lower())
def test_every_pair_is_in_the_table_or_cannot_be(standing: Standing, sign: Sign) -> None:
    then = TRANSITIONS[standing].get(sign)
    if then is None:
        with pytest.raises(ValueError, match=standing.value):
            after(standing, sign)
    else:
        assert after(standing, sign) is then


def test_what_cannot_be_is_what_the_one_committer_never_does() -> None:
    impossible = {(standing, sign) for standing, sign in PAIRS if sign not in TRANSITIONS[standing]}
    asked_twice = {(one, Sign.ASKED) for one in Standing if one.in_flight}
    nothing_asked = {(one, Sign.ANSWERED) for one in (Standing.IN_STEP, Standing.BEHIND)}
    not_alone = {(one, Sign.REJOINED) for one in Standing if one is not Standing.ALONE}
    not_asked_for = {(one, Sign.ASKED) for one in (Standing.ALONE, Standing.GONE)}
    assert impossible == (
        asked_twice | nothing_asked | not_alone | not_asked_for | {(Standing.GONE, Sign.PARTED)}
    )


@given(SIGNS)
def test_who_is_let_go_stays_so(signs: list[Sign]) -> None:
    path = [standing for _sign, standing in walk([*signs, Sign.LET_GO, *signs])]
    assert path[-1] is Standing.GONE
    assert set(path[path.index(Standing.GONE) :]) == {Standing.GONE}


@given(SIGNS)
def test_only_coming_back_ends_being_alone(signs: list[Sign]) -> None:
    path = [(Sign.LET_GO, Standing.IN_STEP), *walk(signs)]
    for (_, before), (sign, standing) in itertools.pairwise(path):
        if before is Standing.ALONE and standing is not Standing.ALONE:
            assert sign in (Sign.REJOINED, Sign.LET_GO)


@given(SIGNS)
def test_what_was_missed_is_asked_for_before_it_is_in_step(signs: list[Sign]) -> None:
    """Whatever comes between: a miss in flight is not taken for answered by the answer before it."""
    owed = False
    for sign, standing in walk(signs):
        if sign is Sign.MISSED:
            owed = True
        elif sign in (Sign.ASKED, Sign.PARTED):  # the way back reads the whole of it
            owed = False
        if standing is Standing.ALONE:
            owed = False
        assert not (owed and standing in (Standing.IN_STEP, Standing.IN_FLIGHT))


@given(SIGNS)
def test_one_question_at_a_time(signs: list[Sign]) -> None:
    asked = 0
    for sign, standing in walk(signs):
        if sign is Sign.ASKED:
            asked += 1
        elif sign is Sign.ANSWERED and asked:
            asked -= 1
        elif sign in (Sign.PARTED, Sign.LET_GO):
            asked = 0
        assert asked == int(standing.in_flight)


def test_the_docs_have_the_diagram_that_the_table_draws() -> None:
    """`python -m tests.diagram` prints it anew."""
    page = Path(__file__).parents[2] / "docs" / "architecture.md"
    assert f"```mermaid\n{diagram.standing()}\n```" in page.read_text()
