"""A name that a stranger chose is one short line that everybody can read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.wire.names import MAX_MARKS, MAX_NAME, MAX_READ, clean_name, clean_text

UNSEEN = "\u202e\u2066\u200d\u200b\u0301\u0323\ufe0f\u3164\u2800\U000e0041\ue000"
HOSTILE = st.text(st.characters() | st.sampled_from(UNSEEN), max_size=200)


@pytest.mark.parametrize(
    "raw, shown",
    [
        (" Ana\x00\n\u202eBell ", "Ana Bell"),
        ("\x07", ""),
        ("Ana\u202egnp.exe", "Anagnp.exe"),
        ("\u2067Ana\u2069 \u061cBell", "Ana Bell"),
        ("A\u200bn\u200ca\u200d\u2060\ufeff\u00ad", "Ana"),
        ("\u3164\u115f\u1160\uffa0\u2800\u034f\ufe0f\U000e0100\U000e0041", ""),
        ("Ana\u2028Bell\u2029\u00a0\u3000Cho", "Ana Bell Cho"),
        ("Ana\ud800\ue000\U000f0000\u0378", "Ana"),
        ("\u0301\u0302Ana \u0301 Bell", "Ana Bell"),
        ("Z" + "\u0335" * 60 + "o", "Z" + "\u0335" * MAX_MARKS + "o"),
        ("Zoe\u0308 Nguye\u0302\u0303n", "Zoë Nguyễn"),
        ("שָׁלוֹם نور สมชาย क्षिति", "שָׁלוֹם نور สมชาย क्षिति"),
        ("x" * 500, "x" * MAX_NAME),
        ("x" * (MAX_NAME - 1) + "  y", "x" * (MAX_NAME - 1)),
        ("\u200b" * MAX_READ + "Ana", ""),
    ],
)
def test_a_name_is_one_short_line_of_letters_that_are_seen(raw: str, shown: str) -> None:
    assert clean_name(raw) == unicodedata.normalize("NFC", shown)


@given(HOSTILE)
def test_whatever_a_name_was_nothing_in_it_is_unseen_and_cleaning_it_again_changes_nothing(raw: str) -> None:
    name = clean_name(raw)
    kinds = [unicodedata.category(letter) for letter in name]
    assert len(name) <= MAX_NAME and name == name.strip()
    assert not {kind for kind in kinds if kind[0] == "C" or kind in ("Zl", "Zp")}
    assert not set(name) & set("\u3164\u2800\ufe0f") and "  " not in name
    assert "MMMMM" not in "".join(kind[0] for kind in kinds) and kinds[:1] not in (["Mn"], ["Me"], ["Mc"])
    assert clean_name(name) == name


@given(st.text(st.characters(max_codepoint=127), max_size=60), st.integers(1, 30))
def test_plain_letters_come_out_as_beside_one_that_is_not_plain(text: str, longest: int) -> None:
    """These are not looked at one by one."""
    beside = clean_text(f"é {text}"[: 4 * longest + 2], longest + 2)
    assert clean_text(text, longest) == beside[2 : longest + 2].rstrip()
