"""How a layer's look is changed without forgetting how it was added: overrides in `restyled`.

An override that equals what was added is taken away, so that what a tool reports as custom is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mapsrv.core import ops as o
from mapsrv.core import style_names
from mapsrv.core.state import Json, MapLayer
from mapsrv.errors import InvalidArgument

GROUPS = ("paint", "layout")
ZOOMS = ("minzoom", "maxzoom")
LOOK = (*GROUPS, *ZOOMS, "filter")  # what a reset puts back; not `visible`


def with_override(layer: MapLayer, op: o.Restyled) -> MapLayer:
    """Return the layer with the op's changes merged into the override of its style layer."""
    override: dict[str, Json] = dict(layer.restyled.get(op.style_layer, {}))
    for key, value in op.changes.items():
        if key in GROUPS and value is not None:
            value = _present({**override.get(key, {}), **value}) or None
        override[key] = value
    rest = {**layer.restyled, op.style_layer: _present(override)}
    return replace(layer, restyled={name: item for name, item in rest.items() if item})


def _present(mapping: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in mapping.items() if value is not None}


def toggled(layer: MapLayer, name: str, action: str) -> list[o.Op]:
    """Return the ops that show, hide or toggle one style layer."""
    as_added = _own(layer, name).get("layout", {}).get("visibility") != "none"
    override = layer.restyled.get(name, {}).get("visible")
    now = as_added if override is None else override
    wanted = {"show": True, "hide": False}.get(action, not now)
    if wanted == now:
        return []
    return [o.Restyled(layer.id, name, {"visible": None if wanted == as_added else wanted})]


def filtered(layer: MapLayer, name: str, expression: Json) -> list[o.Op]:
    """Return the ops that filter one style layer."""
    if layer.restyled.get(name, {}).get("filter") == expression:
        return []
    return [o.Restyled(layer.id, name, {"filter": expression})]


def reset(layer: MapLayer, only: str | None) -> list[o.Op]:
    """Return the ops that put the look of the style layers (or of one) back as added."""
    ops: list[o.Op] = []
    for name, override in layer.restyled.items():
        changes = {key: None for key in LOOK if key in override}
        if changes and only in (None, name):
            ops.append(o.Restyled(layer.id, name, changes))
    return ops


def restyled(layer: MapLayer, only: str | None, properties: Mapping[str, Json]) -> list[o.Op]:
    """Return the ops that set these properties on the style layers (or on one) that take them."""
    targets = [item for item in layer.style_layers if only in (None, item["id"])]
    changes: dict[str, dict[str, Any]] = {item["id"]: {} for item in targets}
    for name, value in properties.items():
        takers = [(item, group, real) for item in targets for group, real in places(item["type"], name)]
        if not takers:
            raise InvalidArgument(_nobody_takes(name, targets))
        for item, group, real in takers:
            _set(changes[item["id"]], layer, item, group, real, value)
    return [o.Restyled(layer.id, name, change) for name, change in changes.items() if change]


def places(kind: str, name: str) -> Iterator[tuple[str | None, str]]:
    """Yield (group, property) for each place where a style layer of that type takes the name."""
    if name in ZOOMS:
        yield None, name
    for real in style_names.opacity_properties(kind) if name == "opacity" else (name,):
        if style_names.is_paint(kind, real):
            yield "paint", real
        elif style_names.is_layout(kind, real):
            yield "layout", real


def _nobody_takes(name: str, targets: list[Mapping[str, Json]]) -> str:
    kinds = sorted({item["type"] for item in targets})
    return f'"{name}" is no property of a {" or ".join(kinds)} layer.{style_names.nearest(name, kinds)}'


def _set(
    change: dict[str, Any],
    layer: MapLayer,
    item: Mapping[str, Json],
    group: str | None,
    name: str,
    value: Json,
) -> None:
    """Note in `change` what must become of one property: nothing when it is so already."""
    if group is None and value is not None:
        _check_zoom(name, value)
    added = item.get(name) if group is None else item.get(group, {}).get(name)
    override = layer.restyled.get(item["id"], {})
    now = override.get(name) if group is None else override.get(group, {}).get(name)
    wanted = None if value == added and type(value) is type(added) else value
    if wanted == now and type(wanted) is type(now):
        return
    if group is None:
        change[name] = wanted
    else:
        change.setdefault(group, {})[name] = wanted


def _check_zoom(name: str, value: Json) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 24:
        raise InvalidArgument(f"{name} must be a zoom from 0 to 24, for example 6; got {value!r}.")


def _own(layer: MapLayer, name: str) -> Mapping[str, Json]:
    return next(item for item in layer.style_layers if item["id"] == name)
