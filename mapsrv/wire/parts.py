"""The parts of a state as a store keeps them, read back: each as it was written, or a TornPart.

codec.components writes them. What stands in a store may have been changed there by anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mapsrv.core.state import PARTS, Json, MapLayer, MapState
from mapsrv.wire.codec import LAYER, loads, remember_layer


def base_state(parts: Mapping[str, bytes]) -> MapState:
    """Return the state that the parts tell, without its layers; what was never set is as in a new map.

    Raises TornPart.
    """
    known = {name: _part(name, body) for name, body in parts.items() if name in PARTS}
    return MapState(**known)


def layer_components(parts: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the JSON of each layer among the parts."""
    return ((name, body) for name, body in parts.items() if name.startswith(LAYER))


def layer_from_bytes(name: str, body: bytes) -> MapLayer:
    """Read what layer_bytes wrote for the part of that name. Raises TornPart."""
    layer: MapLayer = _part(name, body)
    remember_layer(layer, body)
    return layer


class TornPart(ValueError):
    """A part of a state is not what codec.components wrote; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _layer(value: Json) -> MapLayer:
    layer = MapLayer.from_json(value)
    texts = (layer.id, layer.title, layer.type, layer.rank, *layer.style_layer_ids())
    objects = (layer.source, layer.restyled, *layer.style_layers)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(one, dict) for one in objects):
        raise TypeError("no layer")
    layer.rank.encode()  # no half of a surrogate pair
    return layer


def _part(name: str, body: bytes) -> Any:
    try:
        value = (PARTS[name].from_json if name in PARTS else _layer)(loads(body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TornPart(name) from error
    if isinstance(value, MapLayer) and LAYER + value.id != name:
        raise TornPart(name)
    return value
