"""What a tool's arguments become: a command of core, or one of these, which core knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mapsrv.core.commands import Command
from mapsrv.core.log import Position


@dataclass(frozen=True, slots=True)
class OpenMap:
    """Join the map by the rule, or make a new one; a title (re)names it."""

    title: str | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class GetMapState:
    """What is on the map, where it looks, who has it open; what people did since a position."""

    since: Position | None = None


@dataclass(frozen=True, slots=True)
class ListLayers:
    """The layers, bottom to top."""


@dataclass(frozen=True, slots=True)
class GetLayerInfo:
    """One layer with its data in numbers and samples."""

    layer_id: str


@dataclass(frozen=True, slots=True)
class GetMapScreenshot:
    """The map as an open page draws it."""


KINDS = ("city", "country", "state")  # of places


@dataclass(frozen=True, slots=True)
class FindPlaces:
    """Places of that name, or the largest; of no map. `kind` is one of KINDS or any, `country` as it came."""

    query: str = ""
    country: str | None = None
    kind: str = "any"
    min_population: int = 0
    sort: str = "match"
    limit: int = 10


Query: TypeAlias = OpenMap | GetMapState | ListLayers | GetLayerInfo | GetMapScreenshot | FindPlaces
Request: TypeAlias = Command | Query
