"""A Receipt's text says what its fields say, each thing once, in few bytes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.tools.receipt_text import MAX_BYTES, receipt_text

URL = "http://127.0.0.1:8081/?session=abcdefghijklmnopqrstuv"
RECEIPT: dict[str, Any] = {
    "session_id": "abcdefghijklmnopqrstuv",
    "title": "Where",
    "url": URL,
    "position": "0123456789abcdef.12.01234567",
    "changed": ["a"],
    "viewers": 1,
    "warnings": [],
    "durability": "disk",
}
names = st.text(max_size=200)


@given(
    title=names,
    changed=st.lists(names, max_size=60),
    viewers=st.integers(0, 3),
    people=st.lists(st.text(max_size=120), max_size=5),
    updated=st.lists(names | st.integers(), max_size=5),
    replaced=names,
)
def test_without_warnings_it_is_short_and_has_the_link_once(
    title: str, changed: list[str], viewers: int, people: list[str], updated: list[Any], replaced: str
) -> None:
    by = {"kind": "model", "name": "m"}
    told: dict[str, Any] = {"title": title, "changed": changed, "viewers": viewers, "people_did": people}
    text = receipt_text({**RECEIPT, **told}, "add_layer: done.")
    assert len(text.encode()) < MAX_BYTES
    assert text.count(URL) == 1 and text.count("session_id ") == 1
    facts = {"updated": updated, "replaced": {"title": replaced, "features": 3, "by": by}}
    assert receipt_text({**RECEIPT, **facts}, "done").count(URL) == 1


def test_what_people_did_gives_way_oldest_first_and_says_so() -> None:
    people = [f"a person did {number} " + "x" * 90 for number in range(5)]
    text = receipt_text({**RECEIPT, "people_did": people}, "toggle_layer: done.")
    assert len(text.encode()) < MAX_BYTES and people[-1] in text and people[0] not in text
    assert "more in people_did" in text
    few = receipt_text({**RECEIPT, "people_did": ["a person hid x"]}, "done")
    assert "Since your last change: a person hid x." in few and "more in" not in few


def test_warnings_are_told_whole_before_the_link() -> None:
    warnings = ["w" * 900, NOTHING_CHANGED]
    lines = receipt_text({**RECEIPT, "warnings": warnings, "viewers": 0}, "done").split("\n")
    assert lines[0] == NOTHING_CHANGED and f"Warning: {'w' * 900}" in lines
    assert lines[-1].endswith(URL) and "Nobody has this map open" in lines[-1]


def test_a_fact_that_has_no_words_of_its_own_is_told_by_its_name() -> None:
    text = receipt_text({**RECEIPT, "newer": {"total": 3, "of": 9}, "empty": []}, "done")
    assert 'newer: {"total": 3, "of": 9}' in text and "empty" not in text
    assert "…" in receipt_text({**RECEIPT, "newer": ["x" * 300]}, "done")
