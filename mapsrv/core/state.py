"""What every viewer of a map must see, as immutable values: its layers, and the PARTS beside them.

JSON inside them (sources, style layers, filters, overrides) is plain dicts and lists that nobody
ever mutates. MapLayers compare by identity: a changed layer is another value.

What reads them passes over fields that it does not know: a later release may have written them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

Json: TypeAlias = Any  # a JSON value: None, bool, int, float, str, list or dict of the same

TITLE = "Untitled map"
BASEMAP = "natural-earth"
RESERVED = "mapsrv:"  # ids and properties that begin so are the server's own
PROMOTED = "mapsrv:id"  # the property that keeps feature ids which MapLibre would mangle
MAX_LAYERS = 5_000  # what a browser still draws, and what keeps copying the index cheap


def _number(value: Json) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError("no number")
    return value


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the map looks: center [lng, lat] in degrees with zoom, or bounds to fit with padding.

    bearing is degrees clockwise from north, pitch degrees from straight down, padding CSS pixels,
    bounds [west, south, east, north]; west > east crosses the antimeridian.
    """

    center: tuple[float, float] | None = (0.0, 20.0)
    zoom: float | None = 1.5
    bearing: float = 0.0
    pitch: float = 0.0
    bounds: tuple[float, float, float, float] | None = None
    padding: float = 40.0

    def to_json(self) -> dict[str, Json]:
        """Return the Camera as it stands on the wire."""
        turn = {"bearing": self.bearing, "pitch": self.pitch}
        if self.bounds is not None:
            return {"bounds": list(self.bounds), "padding": self.padding, **turn}
        return {"center": list(self.center or ()), "zoom": self.zoom, **turn}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Camera:
        """Read what to_json wrote; raises KeyError, TypeError or ValueError for anything else."""
        turn: dict[str, Any] = {name: _number(value.get(name, 0.0)) for name in ("bearing", "pitch")}
        if "bounds" in value:
            west, south, east, north = map(_number, value["bounds"])
            bounds = (west, south, east, north)
            return cls(center=None, zoom=None, bounds=bounds, padding=_number(value["padding"]), **turn)
        lng, lat = map(_number, value["center"])
        return cls(center=(lng, lat), zoom=_number(value["zoom"]), **turn)


@dataclass(frozen=True, slots=True)
class Added:
    """Who put a layer on the map, or replaced it wholly: an Origin's kind and name, and RFC 3339 UTC."""

    kind: str
    name: str
    at: str

    def to_json(self) -> dict[str, Json]:
        """Return it as it stands on the wire."""
        return {"kind": self.kind, "name": self.name, "at": self.at}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Added:
        """Read what to_json wrote; raises KeyError, TypeError or ValueError for anything else."""
        return cls(_text(value["kind"]), _text(value["name"]), _text(value["at"]))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class MapLayer:
    """What a person calls a layer: one source and its style layers, bottom to top."""

    id: str
    title: str
    type: str  # vector or raster
    visible: bool
    rank: str  # drawing order, compared bytewise; see rank.py
    source: Mapping[str, Json]  # exactly the Style Spec's source
    style_layers: tuple[Mapping[str, Json], ...]  # as added; each with id and type, without source
    filter: Json = None  # joined by `all` to each style layer's own
    attribution: str | None = None
    restyled: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    added: Added | None = None  # None: by a release that noted it not

    def to_json(self) -> dict[str, Json]:
        """Return the layer as it stands on the wire; absent keys are left out."""
        value: dict[str, Json] = {
            "id": self.id,
            "title": self.title,
            "type": self.type,
            "visible": self.visible,
            "rank": self.rank,
            "source": self.source,
            "style_layers": list(self.style_layers),
        }
        added = self.added and self.added.to_json()
        optional = {
            "filter": self.filter,
            "attribution": self.attribution,
            "restyled": self.restyled or None,
            "added": added,
        }
        value.update({key: item for key, item in optional.items() if item is not None})
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> MapLayer:
        """Read what to_json wrote; raises KeyError, TypeError or ValueError for anything else."""
        known = {name: value[name] for name in _LAYER_FIELDS if name in value}
        known["style_layers"] = tuple(value["style_layers"])
        if "added" in known:
            known["added"] = Added.from_json(known["added"])
        return cls(**known)

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands among the others. Text compares by code point, as its UTF-8 does bytewise."""
        return self.rank, self.id

    def style_layer_ids(self) -> tuple[str, ...]:
        """Return the ids of the style layers, bottom to top."""
        return tuple(style_layer["id"] for style_layer in self.style_layers)


_LAYER_FIELDS = frozenset(one.name for one in fields(MapLayer))


@dataclass(frozen=True, slots=True, eq=False)
class MapState:
    """The whole map. `layers` is in drawing order, bottom first; `owners` finds a style layer's MapLayer."""

    title: str = TITLE
    basemap: str = BASEMAP
    camera: Camera = Camera()
    layers: Mapping[str, MapLayer] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[MapLayer]:
        """Yield the layers, bottom to top."""
        return iter(self.layers.values())

    def parts_to_json(self) -> dict[str, Json]:
        """Return all but the layers as it stands in a snapshot."""
        return {name: part.to_json(getattr(self, name)) for name, part in PARTS.items()}

    def to_json(self) -> dict[str, Json]:
        """Return the state as it stands in a snapshot."""
        return {**self.parts_to_json(), "layers": [layer.to_json() for layer in self]}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> MapState:
        """Read what to_json wrote."""
        state = cls(**{name: part.from_json(value[name]) for name, part in PARTS.items()})
        return state.with_layers(MapLayer.from_json(layer) for layer in value["layers"])

    def with_layers(self, layers: Iterable[MapLayer]) -> MapState:
        """Return this state with exactly these layers, put in drawing order."""
        ordered = sorted(layers, key=lambda layer: layer.place)
        return replace(
            self,
            layers={layer.id: layer for layer in ordered},
            owners={name: layer.id for layer in ordered for name in layer.style_layer_ids()},
        )


@dataclass(frozen=True, slots=True)
class Part:
    """How one value of a MapState, beside its layers, is written, and read from what anybody may write.

    from_json raises KeyError, TypeError or ValueError.
    """

    to_json: Callable[[Any], Json]
    from_json: Callable[[Json], Any]


def _same(text: str) -> Json:
    return text


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


# By its name, which is that of its field, of its component in a store, and of what an op sets (`Op.part`).
# In the order of a snapshot, where the layers come last.
PARTS: Mapping[str, Part] = {
    "title": Part(_same, _text),
    "basemap": Part(_same, _text),
    "camera": Part(Camera.to_json, Camera.from_json),
}
