"""What waits to be told: the latest of each thing, and of what tabs say a bounded part, after all else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mapsrv.store.redis.tells import AT_ONCE, MAX_OF_TABS, Tells


def all_of(tells: Tells) -> list[tuple[str, bytes]]:
    taken = []
    while some := tells.take():
        assert len(some) <= AT_ONCE
        taken += some
    assert not tells
    return taken


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5))))
def test_the_highest_number_about_a_thing_is_told_and_of_one_number_the_last(
    said: list[tuple[str, int]],
) -> None:
    tells, newest = Tells(), dict[str, tuple[int, int]]()
    for order, (about, number) in enumerate(said):
        tells.put_of_tab("s", about, number, f"{about} {number} {order}".encode())
        newest[about] = max(newest.get(about, (0, 0)), (number, order))
    expected = [f"{about} {number} {order}".encode() for about, (number, order) in newest.items()]
    assert [body for _, body in all_of(tells)] == expected


def test_what_tabs_say_is_bounded_and_holds_up_nothing_else() -> None:
    tells = Tells()
    for number in range(MAX_OF_TABS + 10):
        tells.put_of_tab("s", f"tab-{number}", 1, b"first")
    tells.put_of_tab("s", "tab-0", 2, b"second")  # what waits already may be said anew
    for number in range(150):
        tells.put(f"s{number}", "viewers", b"old")
        tells.put(f"s{number}", "viewers", b"own")
    taken = all_of(tells)
    assert taken[:150] == [(f"s{number}", b"own") for number in range(150)]
    assert taken[150:152] == [("s", b"second"), ("s", b"first")] and len(taken) == 150 + MAX_OF_TABS
