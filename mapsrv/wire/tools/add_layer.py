"""add_layer: GeoJSON, an address or a source as a layer; drawn as told, or by sensible defaults."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire import fields
from mapsrv.wire.codec import dumps
from mapsrv.wire.source_fields import is_geojson
from mapsrv.wire.source_text import Hints, NeedsLayers, read_source
from mapsrv.wire.style_layers import VECTOR_TYPES, check_style_layers
from mapsrv.wire.tools.schema import any_of, arguments, boolean, objects, text
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, optional_title, parsed

OTHER = "layer:"  # begins a source that is another layer's
_LABELS = '{"type": "symbol", "layout": {"text-field": ["get", "name"]}}'
# Accepted besides the two published types; all of them mean vector.
VECTOR_WORDS = ("geojson", "fill", "line", "circle", "symbol", "heatmap")


def _parse(values: Values, document: bytes | None) -> c.AddLayer | c.AddStyleLayers:
    layer_id = fields.new_id(values["id"], "id")
    if "source" not in values:
        return _parse_style(layer_id, values)
    word, layers = values.get("type"), values.get("layers")
    other = _other(values["source"])
    if other is not None:
        return _parse_other(layer_id, other, values)
    hints = _hints(word, layers)
    source = read_source(values["source"], hints, document=document is not None)
    kind = "raster" if source["type"] in ("raster", "raster-dem") else "vector"
    if word is not None and kind != ("raster" if word == "raster" else "vector"):
        raise InvalidArgument(
            f'type is "{word}", and the source is {source["type"]}. Leave type out, or correct one.'
        )
    return c.AddLayer(
        layer_id,
        source,
        word if word in VECTOR_TYPES and layers is None else kind,  # the default look of that type
        _style_layers(layer_id, source, layers),
        document=document,
        **_placing(values),
        visible=values.get("visible", True),
    )


def _placing(values: Values) -> dict[str, Json]:
    """Return what is said of the layer beside its data and its look, by the command's names."""
    below = fields.any_id(values["below"], "below") if "below" in values else None
    return {"title": optional_title(values), "below": below, "fit": values.get("fit", False)}


def _parse_style(layer_id: str, values: Values) -> c.AddStyleLayers:
    """Return what a call without data means: style layers for the layer that is there."""
    if "layers" not in values:
        raise InvalidArgument(
            "add_layer: source is missing: GeoJSON itself, an address, data/NAME, a built-in set or layer:ID."
            " To set or add style layers of a layer that is there, send layers. Example: add_layer"
            f' {{"id": "peaks", "layers": [{_LABELS}]}}'
        )
    if "type" in values:
        raise InvalidArgument("add_layer: without source, type is that of the layer's data: leave it out.")
    drawn = check_style_layers(layer_id, None, values["layers"], named=False)
    return c.AddStyleLayers(layer_id, drawn, visible=values.get("visible"), **_placing(values))


def _other(source: Json) -> str | None:
    """Return the id in "layer:ID"."""
    text = source.strip() if isinstance(source, str) else ""
    return fields.any_id(text.removeprefix(OTHER), "source layer:ID") if text.startswith(OTHER) else None


def _parse_other(layer_id: str, other: str, values: Values) -> c.AddLayer:
    """Return the command that draws another layer's data; what that is, is known where the map is."""
    word, layers = values.get("type"), values.get("layers")
    drawn = None if layers is None else check_style_layers(layer_id, None, layers)
    visible = values.get("visible", True)
    return c.AddLayer(layer_id, {c.OTHERS: other}, word, drawn, visible=visible, **_placing(values))


def _hints(word: str | None, layers: Json) -> Hints:
    drawn = [item for item in layers if isinstance(item, dict)] if isinstance(layers, list) else []
    raster = any(item.get("type") == "raster" for item in drawn)
    return Hints(word, raster, any("source-layer" in item for item in drawn))


def _style_layers(layer_id: str, source: Values, layers: Json) -> tuple[Values, ...] | None:
    if layers is not None:
        return check_style_layers(layer_id, source["type"], layers)
    if source["type"] == "vector":
        raise NeedsLayers(
            "Vector tiles need layers that say what of them to draw and how. Example: "
            '"layers": [{"type": "line", "source-layer": "roads", "paint": {"line-color": "#a33"}}]',
            source,
        )
    return None


def _slim(arguments: dict[str, Json]) -> tuple[dict[str, Json], bytes | None]:
    source = parsed(arguments.get("source"), "source")
    if is_geojson(source):
        return {**arguments, "source": {"type": "geojson"}}, dumps(source)
    if isinstance(source, dict) and source.get("type") == "geojson":
        data = parsed(source.get("data"), "source.data")
        if is_geojson(data):
            rest = {key: item for key, item in source.items() if key != "data"}
            return {**arguments, "source": rest}, dumps(data)
    return arguments, None


TOOL = Tool(
    name="add_layer",
    title="Add a layer",
    text=(
        "Add data to the map as a layer that everybody sees at once; a layer of the same id is replaced in"
        " its place. source is GeoJSON itself (coordinates are [longitude, latitude]), an address, a MapLibre"
        " source, or data that is here: cities, countries, US states, another layer's. Without source a layer"
        " that is there keeps its data, and layers sets or adds style layers, such as labels. Points, lines"
        " and areas are drawn by sensible defaults unless layers says how. GeoJSON over 200 KB: POST it to"
        ' /data?session=SESSION_ID and send the "data/NAME" that it answers. fit: true moves the view there.'
        + RECEIPT
    ),
    example={
        "id": "peaks",
        "title": "Peaks",
        "source": {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [7.6586, 45.9763]},
            "properties": {"name": "Matterhorn", "height": 4478},
        },
        "layers": [{"type": "circle", "paint": {"circle-radius": 8, "circle-color": "#d1495b"}}],
        "fit": True,
    },
    schema=arguments(
        ("id",),
        id=text(
            'A short name of your own, unique in the map, like "lakes". An id that is there is replaced.'
        ),
        source=any_of(
            "GeoJSON itself; or an address (.geojson, .pmtiles, {z}/{x}/{y} tiles, TileJSON); or"
            ' "data/NAME" as POST /data answered; or "builtin:cities?country=CH&min_population=50000&limit=9"'
            ' (also state, continent, sort), "builtin:countries", "builtin:us-states"; or "layer:ID", the'
            " data that layer has now; or a Style Spec source (geojson, vector, raster, raster-dem).",
            "object",
            "string",
        ),
        type=text("May be left out: it is read from the source.", enum=["vector", "raster"]),
        layers=objects(
            "How to draw it: MapLibre Style Spec layers, bottom to top; their id and source may be left"
            " out. Left out, vector data is drawn by sensible defaults. Vector tiles need it, with"
            ' "source-layer". Without source: a style layer of the same id, or else the only one of its type,'
            " is replaced; others are added on top."
        ),
        title=text("What people see in the layer list; the id if left out."),
        visible=boolean("false adds it hidden.", True),
        below=text("Draw it beneath the layer of this id; left out: on top."),
        fit=boolean("true also moves everyone's view to the data.", False),
    ),
    parse=_parse,
    aliases={"layer_id": "id", "style_layers": "layers", "before": "below"},
    words={"type": VECTOR_WORDS},
    unwalked=frozenset({"source", "layers"}),
    slim=_slim,
    open_world=True,
)
