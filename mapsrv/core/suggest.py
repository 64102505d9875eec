"""The nearest right name, for errors that say what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

MAX_CANDIDATES = 500  # difflib takes some 10 us each, and this runs on the loop
MAX_LENGTH = 100  # characters compared; difflib is quadratic in them


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return ' Did you mean "x"?' for the candidate most like `name`, or '' when none is."""
    compared = islice(candidates, MAX_CANDIDATES)
    written = {candidate[:MAX_LENGTH].casefold(): candidate for candidate in compared}
    found = get_close_matches(name[:MAX_LENGTH].casefold(), written, n=1, cutoff=0.6)
    return f' Did you mean "{written[found[0]][:MAX_LENGTH]}"?' if found else ""
