"""Which tools of a server may be seen and called: lists that the operator wrote, of names or patterns."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec
from msgspec import Raw

from mapsrv.bridge import rpc


@dataclass(frozen=True, slots=True)
class Tools:
    """`allow` None lets all through that is not denied. Names may hold * and ?."""

    allow: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()

    @property
    def all(self) -> bool:
        """Whether nothing is held back."""
        return self.allow is None and not self.deny

    def let(self, name: str) -> bool:
        """Return whether a tool of that name may be used."""
        if any(fnmatchcase(name, pattern) for pattern in self.deny):
            return False
        return self.allow is None or any(fnmatchcase(name, pattern) for pattern in self.allow)

    def cut(self, result: Raw) -> Raw:
        """Return a tools/list result without what is held back; all else as it was."""
        value = msgspec.json.decode(result)
        tools = value.get("tools") if isinstance(value, dict) else None
        if not isinstance(tools, list):
            return result
        return rpc.raw({**value, "tools": [tool for tool in tools if self.let(_name(tool))]})


ALL = Tools()


def _name(tool: object) -> str:
    return str(tool.get("name")) if isinstance(tool, dict) else ""
