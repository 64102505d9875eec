"""JSON of events and states. An event is encoded once; a layer once per value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from mapsrv.core import ops as o
from mapsrv.core.log import Origin, Position
from mapsrv.core.state import PARTS, Json, MapLayer, MapState
from mapsrv.wire import fast_json

# Of snapshots and events; a page that meets a higher one offers to reload. It goes up where a page would draw
# another map than the server's; fields that a page passes over are none of that.
FORMAT = 1
BLOB_PREFIX = "data/"

_layers: WeakKeyDictionary[MapLayer, bytes] = WeakKeyDictionary()


def dumps(value: Json) -> bytes:
    """Return compact UTF-8 JSON; raises ValueError for NaN and infinities."""
    try:
        return fast_json.encode(value)
    except fast_json.AskJson:
        pass
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can write only as an escape
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def loads(body: bytes) -> Json:
    """Return what dumps wrote. Raises ValueError."""
    text = body.decode()
    try:
        try:
            return fast_json.decode(text)
        except fast_json.AskJson:
            return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("JSON that nests too deep") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# --- events --------------------------------------------------------------------

_OPS: dict[str, type[Any]] = {
    "set_title": o.TitleSet,
    "set_basemap": o.BasemapSet,
    "set_camera": o.CameraSet,
    "put_layer": o.LayerPut,
    "remove_layer": o.LayerRemoved,
    "set_layer": o.LayerSet,
    "restyle": o.Restyled,
    "update_features": o.FeaturesUpdated,
}
OP_NAMES = {op: name for name, op in _OPS.items()}


def op_to_json(op: o.Op) -> dict[str, Json]:
    """Return an op as it stands in an event: its name, then its fields; empty ones are left out."""
    value: dict[str, Json] = {"op": OP_NAMES[type(op)]}
    match op:
        case o.TitleSet() | o.BasemapSet() | o.CameraSet():
            value[op.part] = PARTS[op.part].to_json(getattr(op, op.part))
        case o.LayerPut():
            value["layer"] = op.layer.to_json()
        case o.LayerSet():
            value |= {"id": op.id, **op.changes}
        case o.Restyled():
            value |= {"id": op.id, "style_layer": op.style_layer, **op.changes}
        case _:
            plain = {field.name: getattr(op, field.name) for field in fields(op)}
            value |= {key: item for key, item in plain.items() if item not in ((), None)}
    return value


def op_from_json(value: Mapping[str, Json]) -> o.Op:
    """Read what op_to_json wrote; raises KeyError for an op that this release does not know.

    Fields that it does not know are passed over.
    """
    kind = _OPS[value["op"]]
    if kind in (o.TitleSet, o.BasemapSet, o.CameraSet):
        made: o.Op = kind(PARTS[kind.part].from_json(value[kind.part]))
        return made
    if kind is o.LayerPut:
        return o.LayerPut(MapLayer.from_json(value["layer"]))
    if kind is o.LayerSet:
        return o.LayerSet(value["id"], _known(value, o.LayerSet.TAKES))
    if kind is o.Restyled:
        return o.Restyled(value["id"], value["style_layer"], _known(value, o.Restyled.TAKES))
    rest = _known(value, [field.name for field in fields(kind)])
    op: o.Op = kind(**{key: tuple(item) if isinstance(item, list) else item for key, item in rest.items()})
    return op


def _known(value: Mapping[str, Json], names: Iterable[str]) -> dict[str, Json]:
    return {name: value[name] for name in names if name in value}


def encode_event(at: str, origin: Origin, ops: Iterable[o.Op]) -> bytes:
    """Return the one encoding of an event, `Event.body`."""
    agent = {"agent": origin.agent} if origin.agent else {}  # the first release refuses more in `origin`
    ops_json = [op_to_json(op) for op in ops]
    return dumps({"at": at, "origin": origin.to_json(), "ops": ops_json, **agent})


def decode_event(body: bytes) -> tuple[str, Origin, tuple[o.Op, ...]]:
    """Read what encode_event wrote; raises ValueError, KeyError or TypeError for anything else."""
    value = loads(body)
    try:
        origin = Origin.from_json(value["origin"], value.get("agent", ""))
        return value["at"], origin, tuple(op_from_json(op) for op in value["ops"])
    except AttributeError as error:
        raise TypeError("not an op") from error


# --- states ----------------------------------------------------------------------


def layer_bytes(layer: MapLayer) -> bytes:
    """Return a layer's JSON, encoded once per value."""
    encoded = _layers.get(layer)
    if encoded is None:
        encoded = _layers[layer] = dumps(layer.to_json())
    return encoded


def state_bytes(state: MapState) -> bytes:
    """Return the JSON of a state, joined from its layers' own."""
    head = dumps(state.parts_to_json())
    return head[:-1] + b',"layers":[' + b",".join(layer_bytes(layer) for layer in state) + b"]}"


def snapshot_bytes(session_id: str, url: str, position: Position, state: bytes) -> bytes:
    """Return a snapshot around an encoded state."""
    head, tail = snapshot_around(session_id, url, position)
    return head + state + tail


def snapshot_around(session_id: str, url: str, position: Position, you: str = "") -> tuple[bytes, bytes]:
    """Return what stands before and after the encoded state in a snapshot; no line ends are in either.

    `you` is the id that the reader's own events have as their origin's; empty where that is not known.
    """
    told = {"format": FORMAT, "session_id": session_id, "url": url, "position": str(position)}
    head = dumps({**told, "you": you} if you else told)
    return head[:-1] + b',"state":', b"}"


def blob_of(layer: MapLayer) -> tuple[str, ...]:
    """Return the name of the blob that the layer's data is in, if it is in one."""
    data = layer.source.get("data")
    return (data.removeprefix(BLOB_PREFIX),) if isinstance(data, str) and data.startswith(BLOB_PREFIX) else ()


def blobs_of(ops: Iterable[o.Op]) -> tuple[str, ...]:
    """Return the names of the blobs that the ops refer to."""
    names: list[str] = []
    for op in ops:
        if isinstance(op, o.LayerPut):
            names.extend(blob_of(op.layer))
        elif isinstance(op, o.FeaturesUpdated) and op.data is not None:
            names.append(op.data.removeprefix(BLOB_PREFIX))
    return tuple(names)


LAYER = "layer:"


def components(state: MapState, ops: Iterable[o.Op]) -> dict[str, tuple[bytes | None, tuple[str, ...]]]:
    """Return the parts of the state that the ops touched, as {name: (JSON or None, blobs)}."""
    parts: dict[str, tuple[bytes | None, tuple[str, ...]]] = {}
    for op in ops:
        match op:
            case o.TitleSet() | o.BasemapSet() | o.CameraSet():
                parts[op.part] = dumps(PARTS[op.part].to_json(getattr(state, op.part))), ()
            case _:
                name = op.layer.id if isinstance(op, o.LayerPut) else op.id
                parts[LAYER + name] = layer_component(state.layers.get(name))
    return parts


def part_components(state: MapState) -> dict[str, tuple[bytes | None, tuple[str, ...]]]:
    """Return all parts of a state but its layers, as components() does."""
    return {name: (dumps(value), ()) for name, value in state.parts_to_json().items()}


def layer_component(layer: MapLayer | None) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the part that a layer is; None: it is not there."""
    return (None, ()) if layer is None else (layer_bytes(layer), blob_of(layer))


def remember_layer(layer: MapLayer, body: bytes) -> None:
    """Note what a layer was read from, so that it need not be encoded again."""
    _layers[layer] = body
