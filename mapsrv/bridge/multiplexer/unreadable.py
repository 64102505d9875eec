"""Which calls a line answers that no parser takes for a message: they would wait for ever else.

The rule: a line is an answer where it is an object, or several in a row, that has among its outermost
members `result` or `error`, one `id`, a whole number, and no `method`. What nests inside, or stands in
strings, is data, and may hold ids of other answers: it counts for nothing. Only strings and brackets are
looked at, so depth, NaN, numbers of any size and bytes that are no UTF-8 are all the same.

A turn of the loop has time for so many of those. Of a line that has more its end is looked at too, where
no id stood before: `..., "id": 7}`, with "jsonrpc" before or after. That end belongs to an inner object
only where brackets are wrong as well; then a call too many fails, of those that wait for this child.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from mapsrv.errors import MapsrvError

MOST_TOKENS, MOST_BYTES = 2000, 64 * 1024  # some 3 ms, whatever they are

# A string (with a colon: a key), which the line's end ends too, or brackets in a row. Nothing backtracks:
# what comes from a child must not take longer than it is.
_TOKEN = re.compile(rb'"((?:[^"\\]++|\\.?+)*+)(?:"|\Z)(\s{0,9}+:)?|[\[{]++|[\]}]++', re.DOTALL)
_NUMBER = re.compile(rb"\s{0,9}+([0-9]{1,18})(?=[\s,}])")
_END = re.compile(rb',\s*"id"\s*:\s*([0-9]{1,18})\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')
END_BYTES = 200  # more than _END can need, but for white space
BOM = b"\xef\xbb\xbf"


class UnreadableAnswer(MapsrvError):
    """The server has answered, and what it wrote is no message."""

    code, status = "unreadable_answer", 502

    @classmethod
    def of(cls, line: bytes, why: str) -> UnreadableAnswer:
        """Return the error of a call that a line answers, which says what came."""
        return cls(f"The server's answer, {len(line):,} bytes, cannot be read. {why}.")


class _Object:
    """An outermost object of a line, as far as it was read."""

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.ids: list[int | None] = []

    def add(self, key: bytes, line: bytes, at: int) -> None:
        """Note a member whose value begins there."""
        self.keys.add(key)
        if key == b"id":
            found = _NUMBER.match(line, at)
            self.ids.append(int(found[1]) if found else None)

    @property
    def answers(self) -> int | None:
        """The id of the call that it answers, if it does."""
        if len(self.ids) != 1 or b"method" in self.keys or not self.keys & {b"result", b"error"}:
            return None
        return self.ids[0]


def answered(line: bytes) -> list[int]:
    """Return the ids of the calls that a line answers."""
    return [found for one in _objects(line.removeprefix(BOM)) if (found := one.answers) is not None]


def _objects(line: bytes) -> Iterator[_Object]:
    """Yield the outermost objects that stand in a row at the line's beginning."""
    one, depth, end = _Object(), 0, 0
    for token in islice(_TOKEN.finditer(line, 0, MOST_BYTES), MOST_TOKENS):
        first = token[0][:1]
        if depth == 0:
            if first != b"{" or line[end : token.start()].strip():
                return  # what is no object, and what follows it, is nobody's answer
            one = _Object()
        end = token.end()
        if first in b"[{":
            depth += len(token[0])
        elif first in b"]}":
            depth -= min(depth, len(token[0]))
            if depth == 0:
                yield one
        elif depth == 1 and token[2]:
            one.add(token[1], line, end)
    if depth:
        if not one.ids and (found := _END.search(line[max(end, len(line) - END_BYTES) :])):
            one.ids.append(int(found[1]))
        yield one
