"""Fractional ranks: strings that order layers, so that moving one changes one.

Digits are 0-9A-Za-z, which compare bytewise as they count; a rank never ends in the lowest digit,
so that there is always room before it.
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)


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
    """Return a short rank after `low`: count up at the end, so that appending stays short."""
    for place, digit in enumerate(low):
        value = DIGITS.index(digit)
        if value < BASE - 1:
            return low[:place] + DIGITS[value + 1]
    return low + DIGITS[BASE // 2]
