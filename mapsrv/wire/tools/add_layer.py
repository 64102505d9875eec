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

# Accepted besides the two published types; all of them mean vector.
VECTOR_WORDS = ("geojson", "fill", "line", "circle", "symbol", "heatmap")


def _parse(values: Values, document: bytes | None) -> c.AddLayer:
    layer_id = fields.new_id(values["id"], "id")
    word, layers = values.get("type"), values.get("layers")
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
        optional_title(values),
        values.get("visible", True),
        fields.any_id(values["below"], "below") if "below" in values else None,
        values.get("fit", False),
        document=document,
    )


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
        " its place. source is GeoJSON itself (coordinates are [longitude, latitude]), an address, or a"
        " MapLibre source. Points, lines and areas are drawn by sensible defaults unless layers says how."
        ' GeoJSON over 200 KB: POST it to /data?session=SESSION_ID and send the "data/NAME" that it answers.'
        " fit: true moves the view there." + RECEIPT
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
        ("id", "source"),
        id=text(
            'A short name of your own, unique in the map, like "lakes". An id that is there is replaced.'
        ),
        source=any_of(
            "GeoJSON itself; or an address (.geojson, .pmtiles, {z}/{x}/{y} tiles, TileJSON); or"
            ' "data/NAME" as POST /data answered; or a MapLibre Style Spec source (geojson, vector,'
            " raster, raster-dem).",
            "object",
            "string",
        ),
        type=text("May be left out: it is read from the source.", enum=["vector", "raster"]),
        layers=objects(
            "How to draw it: MapLibre Style Spec layers, bottom to top; their id and source may be left"
            " out. Left out, vector data is drawn by sensible defaults. Vector tiles need it, with"
            ' "source-layer".'
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
