"""A tool as one value: what is published of it, and how its regular arguments become a request.

Its text is written for a model that sees nothing else. The first sentence says what a call does; then
when to use it, what the result means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mapsrv.core.state import Json
from mapsrv.wire.json_text import printed
from mapsrv.wire.tools.requests import Request
from mapsrv.wire.tools.schema import Schema
from mapsrv.wire.tools.values import Values

# (values, document) -> request. `document` is GeoJSON that slim_body took out of a large body; else None.
Parse: TypeAlias = Callable[[Values, bytes | None], Request]

# arguments -> (the same without their GeoJSON, and that as JSON text). Runs in a worker process.
Slim: TypeAlias = Callable[[dict[str, Json]], tuple[dict[str, Json], bytes | None]]

RECEIPT = " The result says what changed and how many people see it."  # the instructions say more


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool. `example` is one set of arguments; the last four are MCP's hints.

    What is accepted besides the published schema stands in `aliases`, `words` and `forms`.
    """

    name: str
    title: str
    text: str
    example: Mapping[str, Json]
    schema: Schema
    parse: Parse
    aliases: Mapping[str, str] = field(default_factory=dict)  # what an argument is called too
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # more of an argument's enum
    # Lists that may come as an object: {lng, lat}, {west, ...}, a FeatureCollection; and what makes the list.
    forms: Mapping[str, Callable[[Json], Json]] = field(default_factory=dict)
    # What no schema can walk in time (features, style layers): left to `parse`, but for its type.
    unwalked: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict)  # what does the work of a word that is none
    slim: Slim | None = None
    read_only: bool = False
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = False  # its effect depends on addresses of others

    @property
    def changes(self) -> bool:
        """Whether it may change the map."""
        return not self.read_only

    @property
    def example_text(self) -> str:
        """The example as JSON, as models read it."""
        return printed(self.example)

    @property
    def description(self) -> str:
        """The text with the example behind it, as it is published."""
        return f"{self.text} Example: {self.example_text}"

    @property
    def annotations(self) -> Mapping[str, bool]:
        """The hints as MCP's ToolAnnotations names them."""
        return {
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        }
