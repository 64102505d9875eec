"""What is drawn beneath a map's layers: the basemaps of basemaps.json, in the colours of light or dark.

A colour stands there by its name, as "@water": both looks of the ground are one table of tokens. The page
reads the same file (static/src/state/ground.ts); tests/vectors hold both to one result.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mapsrv.core.state import Json
from mapsrv.wire.codec import loads

LIGHT, DARK = SCHEMES = ("light", "dark")
GROUND = "mapsrv:ground"  # the source of its tiles
ANY_VERSION = "0"  # of the tiles: the server answers what it has, to be asked for again
_OURS = "basemap/"
_VERSION = "@version"
# What lies flat: the ground's names stand above the last of these, and a map's own names above those.
AREAS = frozenset({"fill", "fill-extrusion", "raster", "hillshade", "color-relief", "heatmap"})


@dataclass(frozen=True, slots=True)
class Look:
    """How the ground is to look, and of which build its tiles are."""

    scheme: str = LIGHT
    version: str = ANY_VERSION


@dataclass(frozen=True, slots=True)
class Ground:
    """A basemap as the Style Spec has it; the labels belong above a map's areas."""

    sources: dict[str, Json]
    layers: list[Json]
    labels: list[Json]


PLAIN = Look()


@cache
def _file() -> dict[str, Json]:
    value: dict[str, Json] = loads(files("mapsrv.wire").joinpath("basemaps.json").read_bytes())
    return value


def basemap_names() -> tuple[str, ...]:
    """Return the names of the basemaps, in the order to offer them."""
    return tuple(_file()["basemaps"])


def ground(name: str, base_url: str, look: Look) -> Ground:
    """Return a basemap with whole addresses; none of that name, as of a later release: `none`."""
    basemaps = _file()["basemaps"]
    found = basemaps.get(name, basemaps["none"])
    tokens = _file()["tokens"][look.scheme]
    layers, labels = _coloured(found["layers"], tokens), _coloured(found["labels"], tokens)
    sources = {key: _whole(source, base_url, look) for key, source in found["sources"].items()}
    if "on" not in found:
        return Ground(sources, layers, labels)
    beneath = ground(found["on"], base_url, look)  # shows where the other's tiles do not come
    return Ground({**beneath.sources, **sources}, [*beneath.layers, *beneath.labels, *layers], labels)


def drawing_order(beneath: Ground, drawn: list[Json]) -> list[Json]:
    """Return all style layers, bottom to top: ground, areas, the ground's names, what is to stand out."""
    areas = [place for place, layer in enumerate(drawn) if layer["type"] in AREAS]
    end = areas[-1] + 1 if areas else 0
    flat = [layer for layer in drawn[:end] if layer["type"] != "symbol"]
    named = [layer for layer in drawn[:end] if layer["type"] == "symbol"]
    return [*beneath.layers, *flat, *beneath.labels, *named, *drawn[end:]]


def _coloured(value: Json, tokens: dict[str, str]) -> Json:
    if isinstance(value, str):
        return tokens.get(value[1:], value) if value.startswith("@") else value
    if isinstance(value, list):
        return [_coloured(item, tokens) for item in value]
    if isinstance(value, dict):
        return {key: _coloured(item, tokens) for key, item in value.items()}
    return value


def _whole(source: dict[str, Json], base_url: str, look: Look) -> dict[str, Json]:
    tiles = [
        f"{base_url}/{address.replace(_VERSION, look.version)}" if address.startswith(_OURS) else address
        for address in source["tiles"]
    ]
    return {**source, "tiles": tiles}
