"""JSON by msgspec, in an eighth of json's time, as far as the two agree; where they may not, json decides.

msgspec writes NaN as null, and knows no half of a surrogate pair, which json reads and writes as an escape.
What has a null is looked through for such numbers and not written by json instead: the parts of a value are
to have the length that they have in the whole.
All else, as some hundred thousand texts showed, is alike but for how a float is written: 1e-05 or 0.00001.
"""

from __future__ import annotations

import math

import msgspec

from mapsrv.core.state import Json

_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


class AskJson(Exception):
    """It may be JSON, and it may not."""


def encode(value: Json) -> bytes:
    """Return compact UTF-8 JSON, or raise AskJson."""
    try:
        encoded = _encode(value)
    except UnicodeEncodeError:
        raise AskJson from None
    if b"null" in encoded and not _finite(value):
        raise AskJson
    return encoded


def _finite(value: Json) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(_finite, value))


def decode(text: str) -> Json:
    """Return the value, or raise AskJson; RecursionError where it nests too deep."""
    try:
        return _decode(text)
    except msgspec.DecodeError:
        raise AskJson from None
