"""Fractional ranks: strings that order layers, so that moving one changes one.

Digits are 0-9A-Za-z, which compare bytewise as they count; a rank never ends in the lowest digit,
so that there is always room before it. Whoever adds on top makes each rank from the last, so those
must stay short: after n highest digits stand n + 1 that count up, which gives 61 ranks of one
digit, 3,700 of three and 230,000 of five. (One that only counts its last digit up grows by a
letter for every 31 layers, and is over every bound at 2,000.)
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
LOWEST, HIGHEST = DIGITS[0], DIGITS[-1]
FIRST = DIGITS[BASE // 2]


def between(low: str | None, high: str | None) -> str:
    """Return a rank after `low` and before `high`; None is the open end. low < high."""
    if high is None:
        return _after(low or "")
    low, prefix, place = low or "", "", 0
    while True:
        left = DIGITS.index(low[place]) if place < len(low) else 0
        right = DIGITS.index(high[place]) if place < len(high) else BASE
        if right - left > 1:
            return prefix + DIGITS[(left + right) // 2]
        prefix += DIGITS[left]
        place += 1
        if left < right:
            return prefix + _after(low[place:])


def _after(low: str) -> str:
    """Return a short rank after `low`."""
    if not low:
        return FIRST
    full = len(low) - len(low.lstrip(HIGHEST))
    counter = low[full : 2 * full + 1].ljust(full + 1, LOWEST)
    return low[:full] + _next(counter)


def _next(counter: str) -> str:
    """Return the number after this one that does not end in the lowest digit; it begins below the highest."""
    kept = counter.rstrip(HIGHEST)
    raised = kept[:-1] + DIGITS[DIGITS.index(kept[-1]) + 1]
    ended = raised.ljust(len(counter), LOWEST)
    return ended[:-1] + DIGITS[1] if ended[-1] == LOWEST else ended
