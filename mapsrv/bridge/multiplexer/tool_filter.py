"""Which tools of a server may be seen and called: lists that the operator wrote, of names or patterns."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec
from msgspec import UNSET, Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Pairs
from mapsrv.bridge.multiplexer.message_guard import text

SHOWN = 200  # characters of a name

# What is inside of a tool passes as it is: its schema may hold what is not to be read.
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_items = msgspec.json.Decoder(list[Raw]).decode


@dataclass(frozen=True, slots=True)
class Tools:
    """`allow` None lets all through that is not denied. Names may hold * and ?."""

    allow: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()

    @property
    def _all(self) -> bool:
        return self.allow is None and not self.deny

    def _let(self, name: str) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self.deny):
            return False
        return self.allow is None or any(fnmatchcase(name, pattern) for pattern in self.allow)

    def refusal(self, said: Pairs) -> str | None:
        """Return why a tool may not be called with these params; None where it may. Raises BadRequest."""
        if self._all or self._let(name := text(said, "name")):
            return None
        return f"Unknown tool: {name[:SHOWN]}"

    def cut(self, result: Raw) -> Raw:
        """Return a tools/list result without what is held back; all else as it was."""
        if self._all:
            return result
        try:
            value = _members(result)
            tools = _items(value["tools"])
        except (msgspec.ValidationError, KeyError):
            return result  # there is no list in it
        return json_rpc.raw({**value, "tools": [tool for tool in tools if self._let(_name(tool))]})


ALL = Tools()


def _name(tool: Raw) -> str:
    try:
        return str(json_rpc.value(_members(tool).get("name", UNSET)))
    except msgspec.ValidationError:
        return ""
