"""Random maps and commands, drawn from a random.Random: Hypothesis shrinks them, vectors fix the seed."""

from __future__ import annotations

import random
from typing import Any

from mapsrv.core import commands as c
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.log import Origin
from mapsrv.core.prepared import Prepared
from mapsrv.core.proposal import Asked
from mapsrv.core.state import Camera, MapState
from mapsrv.errors import MapsrvError

LAYERS = ("roads", "cities", "parks", "Ünï <b>", "0")
PAINT = {"fill": "fill-color", "line": "line-width", "circle": "circle-radius", "raster": "raster-opacity"}
VALUES: dict[str, list[Any]] = {
    "fill": ["#ff0000", "rgb(1, 2, 3)", ["match", ["get", "kind"], "a", "#fff", "#000"], None],
    "line": [1, 2.5, ["interpolate", ["linear"], ["zoom"], 0, 1, 10, 4], None],
    "circle": [3, 8, ["sqrt", ["get", "n"]], None],
    "raster": [0, 0.5, 1, None],
}
FILTERS: list[Any] = [None, ["==", ["get", "kind"], "a"], [">", ["get", "n"], 3], ["has", "n"]]


def feature(rng: random.Random, feature_id: int) -> dict[str, Any]:
    """Return a point feature."""
    lng, lat = round(rng.uniform(-180, 180), 4), round(rng.uniform(-85, 85), 4)
    properties = {"kind": rng.choice("ab"), "n": rng.randrange(9), "note": None}
    return {
        "type": "Feature",
        "id": feature_id,
        "geometry": {"type": "Point", "coordinates": [lng, lat]},
        "properties": properties,
    }


def add_layer(rng: random.Random) -> c.AddLayer:
    """Return a command as prepare completes it: inline, by blob, or raster tiles."""
    name = rng.choice(LAYERS)
    if rng.random() < 0.2:
        source: dict[str, Any] = {
            "type": "raster",
            "tiles": ["https://example.com/{z}/{x}/{y}.png"],
            "tileSize": 256,
        }
        if rng.random() < 0.5:
            source["attribution"] = "<script>alert('x')</script>"
        kinds, kind = ["raster"], "raster"
    else:
        data: Any = {
            "type": "FeatureCollection",
            "features": [feature(rng, n) for n in range(rng.randrange(4))],
        }
        if rng.random() < 0.3:
            data = "data/" + f"{rng.getrandbits(256):064x}"
        source = {"type": "geojson", "data": data}
        kinds, kind = rng.sample(["fill", "line", "circle"], rng.randint(1, 3)), "vector"
    style_layers = [
        _style_layer(rng, name if n == 0 else f"{name}-{kind}", kind) for n, kind in enumerate(kinds)
    ]
    return c.AddLayer(
        name,
        source,
        kind,
        tuple(style_layers),
        title=rng.choice([None, "A title", "<img src=x onerror=alert(1)>"]),
        visible=rng.random() < 0.8,
        below=rng.choice([None, None, *LAYERS]),
        attribution=rng.choice([None, "© someone & <b>others</b>"]),
        camera=camera(rng) if rng.random() < 0.2 else None,
    )


def _style_layer(rng: random.Random, name: str, kind: str) -> dict[str, Any]:
    value: dict[str, Any] = {"id": name, "type": kind}
    paint = rng.choice(VALUES[kind])
    if paint is not None:
        value["paint"] = {PAINT[kind]: paint}
    if rng.random() < 0.3:
        value["layout"] = {"visibility": rng.choice(["visible", "none"])}
    if rng.random() < 0.3:
        value["minzoom"] = rng.randrange(10)
    if kind != "raster" and rng.random() < 0.3:
        value["filter"] = rng.choice(FILTERS[1:])
    return value


def camera(rng: random.Random) -> Camera:
    """Return a camera of either kind."""
    if rng.random() < 0.5:
        return Camera(
            (round(rng.uniform(-180, 180), 3), 0.0001), rng.choice([0, 3.5]), rng.choice([0, -90]), 0
        )
    return Camera(
        None, None, 0, rng.choice([0, 60]), rng.choice([(170, -10, -170, 10), (5.9, 45.8, 10.5, 47.8)]), 40
    )


def _restyle(rng: random.Random, name: str) -> c.Command:
    kind = rng.choice(list(PAINT))
    properties = {PAINT[kind]: rng.choice(VALUES[kind])}
    if rng.random() < 0.3:
        properties = {"opacity": rng.choice([0, 0.5, None]), "minzoom": rng.choice([2, None])}
    return c.SetLayerPaint(name, properties)


def _view(rng: random.Random, _name: str) -> c.Command:
    return rng.choice(
        [
            c.SetMapView(zoom=rng.randrange(20)),
            c.SetMapView(center=(0.0001, 0.0), bearing=20.0),
            c.SetMapView(bounds=(170.0, -10.0, -170.0, 10.0), pitch=30.0),
            c.SetMapView(pitch=10.0),
        ]
    )


def _features(rng: random.Random, name: str) -> c.Command:
    if rng.random() < 0.3:
        new = f"data/{rng.getrandbits(256):064x}"
        return c.UpdateFeatures(name, remove=(1,), data=new, diff_travels=rng.random() < 0.5)
    if rng.random() < 0.2:
        return c.UpdateFeatures(
            name, source={"type": "geojson", "data": "data/" + "0" * 64, "promoteId": "mapsrv:id"}
        )
    update = ({"id": rng.randrange(4), "properties": {"n": rng.choice([None, 7])}},)
    return c.UpdateFeatures(name, (feature(rng, rng.randrange(3, 9)),), update, (rng.randrange(4),))


def _move(rng: random.Random, name: str) -> c.Command:
    other = rng.choice(LAYERS)
    return rng.choice(
        [c.MoveLayer(name, **how) for how in ({"below": other}, {"above": other}, {"to": "bottom"}, {})]
    )


_OTHERS = [
    lambda rng, name: c.RemoveLayer(name),
    lambda rng, name: c.ToggleLayer(name, rng.choice(["show", "hide", "toggle"])),
    lambda rng, name: c.FilterLayer(name, rng.choice(FILTERS)),
    lambda rng, name: c.SetLayerDetails(
        name, rng.choice([None, "Renamed"]), rng.choice([None, "", "© other"])
    ),
    lambda rng, name: c.ResetLayerStyle(name),
    lambda rng, name: c.SetTitle(rng.choice(["One", "Two"])),
    lambda rng, name: c.SetBasemap(rng.choice(["none", "natural-earth"])),
    _restyle,
    _restyle,
    _view,
    _features,
    _features,
    _move,
]


def command(rng: random.Random, state: MapState) -> c.Command:
    """Return a command that may or may not be possible on the state."""
    if rng.random() < 0.35 or not state.layers:
        return add_layer(rng)
    name = rng.choice([*state.layers, *state.owners, *LAYERS])
    made: c.Command = rng.choice(_OTHERS)(rng, name)
    return made


def asked(rng: random.Random, state: MapState, key: str, who: str = "ana") -> Asked:
    """Return a random command as the hub hands it to a Session; equal keys ask for equal things."""
    return as_asked(command(rng, state), key, who)


def as_asked(wanted: c.Command, key: str, who: str = "ana", prepared: Prepared | None = None) -> Asked:
    """Return a command as the hub hands it to a Session."""
    origin = Origin("model", who, who)
    return Asked(
        prepared or Prepared(wanted), origin, f"{key} model:{who}", repr(wanted), "2026-01-01T00:00:00.000Z"
    )


def grown(rng: random.Random, steps: int) -> MapState:
    """Return the state after some random commands; every other layer is of a release that notes no author."""
    state = MapState()
    for step in range(steps):
        wanted = command(rng, state)
        try:
            ops = decide(state, wanted)
        except MapsrvError:
            continue
        state = apply_all(state, as_asked(wanted, str(step)).stamped(ops) if step % 2 else ops)
    return state
