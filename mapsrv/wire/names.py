"""What people and models are called, made fit to be shown to others: the one place where names are cleaned.

Whoever opens a map names themselves, and everybody else reads it. So a name has no letter that others
cannot see, that turns the words around it, or that reaches into the lines above and below.
"""

from __future__ import annotations

import unicodedata

MAX_NAME = 80  # characters
MAX_READ = 4 * MAX_NAME  # characters of a raw name that are looked at: most may be of no use
MAX_MARKS = 4  # on one letter: Hebrew and Vietnamese need three; stacks of dozens cover other lines

_SPACES = frozenset({"Cc", "Zs", "Zl", "Zp"})
# Format letters turn text around or have no width (U+202E, U+200B), the joiners among them: a name is
# readable without them, and with them two that look alike differ.
_UNSEEN = frozenset({"Cf", "Cs", "Co", "Cn"})
# Letters, signs and marks by category that are drawn as nothing: Default_Ignorable_Code_Point of
# Unicode's DerivedCoreProperties.txt, as far as the categories above leave it out; and Braille's blank.
_BLANKS = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)


def clean_name(text: str) -> str:
    """Return a name of at most MAX_NAME characters on one line, each of which is seen; it may be empty."""
    return clean_text(text[:MAX_READ], MAX_NAME)


def clean_text(text: str, longest: int) -> str:
    """Return any words on one line, cleaned as a name is, and cut."""
    letters = text[: 4 * longest]
    if not (letters.isascii() and letters.isprintable()):  # of which each is seen, and stands alone
        letters = _without_stacks(unicodedata.normalize("NFC", "".join(map(_seen, letters))))
    return " ".join(letters.split())[:longest].rstrip()


def _seen(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in _SPACES:
        return " "
    return "" if category in _UNSEEN or ord(letter) in _BLANKS else letter


def _without_stacks(text: str) -> str:
    """Return the text with at most MAX_MARKS marks on a letter, and none on what is no letter."""
    kept, marks = "", MAX_MARKS
    for letter in text:
        if unicodedata.category(letter)[0] != "M":
            marks = MAX_MARKS if letter == " " else 0
        elif marks < MAX_MARKS:
            marks += 1
        else:
            continue
        kept += letter
    return kept
