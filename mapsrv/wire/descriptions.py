"""What the calls say of themselves, written for a model that sees nothing else.

The first sentence says what a call does; then when to use it, an example, what the result means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RECEIPT = (
    " The result names what changed, the map's link and how many people have it open; "
    "with nobody there, give the person that link."
)


@dataclass(frozen=True, slots=True)
class About:
    """A call's title, description, an example of its arguments as JSON, and MCP's four hints."""

    title: str
    text: str
    example: str
    read_only: bool = False
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = False  # its effect depends on addresses of others

    def annotations(self) -> dict[str, bool]:
        """Return the hints as MCP's ToolAnnotations names them."""
        return {
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        }


ABOUT: Mapping[str, About] = {
    "open_map": About(
        "Open a map",
        "Open the live map that you and people share, or make a new one. Call it first when you have no"
        " session_id: the result has the session_id to pass in every later call, and the link to give to the"
        " person. With title it also names the map; new: true always makes a fresh one.",
        '{"title": "Lakes of Switzerland"}',
        idempotent=False,
    ),
    "get_map_state": About(
        "Look at the map",
        "Tell what is on the map now: its title, basemap, camera and layers, bottom to top, who has it open"
        " and what each of them is looking at, and problems that their browsers reported. Use it before you"
        ' change a map that others may have changed, and when a person says "here" or "this".',
        "{}",
        read_only=True,
    ),
    "list_layers": About(
        "List the layers",
        "List the map's layers, bottom to top: id, title, type, whether each is visible, has a filter or"
        " custom paint, and the ids of its style layers. Use it to find the layer_id that other calls need.",
        "{}",
        read_only=True,
    ),
    "get_layer_info": About(
        "Look at one layer",
        "Tell about one layer: its style, and of GeoJSON data the number of features, geometry types, bounds,"
        " and each property's type and sample values. Use it before you write a filter or an expression, to"
        " use names and values that are there. The data itself is not in the result.",
        '{"layer_id": "lakes"}',
        read_only=True,
    ),
    "add_layer": About(
        "Add a layer",
        "Add data to the map as a layer that everybody sees at once; a layer of the same id is replaced in"
        " its place. source is GeoJSON itself (coordinates are [longitude, latitude]), an address, or a"
        " MapLibre source. Points, lines and areas are drawn by sensible defaults unless layers says how."
        ' GeoJSON over 200 KB: POST it to /data?session=SESSION_ID and send the "data/NAME" that it answers.'
        " fit: true moves the view there." + RECEIPT,
        '{"id": "peaks", "title": "Peaks", "source": {"type": "Feature", "geometry": {"type": "Point",'
        ' "coordinates": [7.6586, 45.9763]}, "properties": {"name": "Matterhorn"}}, "layers": [{"type":'
        ' "circle", "paint": {"circle-radius": 8, "circle-color": "#d1495b"}}], "fit": true}',
        open_world=True,
    ),
    "update_features": About(
        "Change features",
        "Add, change or remove single features of a GeoJSON layer, without sending the others again. update"
        " merges properties into the feature of that id, where null deletes one, and may replace its"
        " geometry. Features without an id are given one; get_layer_info shows sample ids." + RECEIPT,
        '{"layer_id": "peaks", "add": [{"type": "Feature", "id": 2, "geometry": {"type": "Point",'
        ' "coordinates": [7.9838, 46.5369]}, "properties": {"name": "Jungfrau"}}], "update": [{"id": 1,'
        ' "properties": {"height": 4478}}]}',
        destructive=True,
        idempotent=False,
    ),
    "remove_layer": About(
        "Remove a layer",
        "Remove a layer, with its data and style, from everybody's map. To hide it for a while use"
        " toggle_layer." + RECEIPT,
        '{"layer_id": "peaks"}',
        destructive=True,
    ),
    "toggle_layer": About(
        "Show or hide a layer",
        "Show or hide a layer, or one of its style layers, for everybody. Say show or hide when you know"
        " which you want; toggle turns it over." + RECEIPT,
        '{"layer_id": "peaks", "action": "hide"}',
        idempotent=False,
    ),
    "move_layer": About(
        "Move a layer in the drawing order",
        "Draw a layer beneath or above another one, or at the top or the bottom of all layers; nothing said:"
        " the top. below means beneath, so that the other layer covers it. The basemap stays below"
        " everything." + RECEIPT,
        '{"layer_id": "areas", "below": "peaks"}',
    ),
    "filter_layer": About(
        "Filter a layer",
        "Show only those features of a layer for which a MapLibre expression is true; null, or no filter,"
        " shows all again. It replaces this call's earlier filter and adds to the filters of the layer's own"
        " style." + RECEIPT,
        '{"layer_id": "peaks", "filter": [">=", ["get", "height"], 4000]}',
    ),
    "set_layer_paint": About(
        "Style a layer",
        "Set colours, widths, sizes, labels and other paint or layout properties of a layer, or of one of its"
        " style layers. A value is a constant or a MapLibre expression; null puts the property back as it was"
        " added. opacity works for every type; minzoom and maxzoom limit where it is drawn. One wrong value"
        " changes nothing." + RECEIPT,
        '{"layer_id": "peaks", "properties": {"circle-color": ["interpolate", ["linear"], ["get", "height"],'
        ' 3000, "#fee08b", 4500, "#d73027"], "circle-radius": 9}}',
    ),
    "set_layer_details": About(
        "Rename or credit a layer",
        "Set the title of a layer that people see in the list, or the attribution shown at the map's edge."
        + RECEIPT,
        '{"layer_id": "peaks", "title": "Peaks over 4,000 m", "attribution": "Data: swisstopo"}',
    ),
    "reset_layer_style": About(
        "Put a layer's style back",
        "Put paint, layout, zooms, opacity and filter of a layer, or of one style layer, back as they were"
        " added. Title, order and visibility stay." + RECEIPT,
        '{"layer_id": "peaks"}',
    ),
    "set_map_view": About(
        "Move the view",
        "Move everybody's view: to a center and zoom, to bounds, or to the data of a layer. Send one of the"
        " three. Coordinates are [longitude, latitude], bounds [west, south, east, north]. A person who is"
        " just moving the map is not interrupted but offered to follow." + RECEIPT,
        '{"center": [8.5417, 47.3769], "zoom": 11}',
    ),
    "set_basemap": About(
        "Choose the basemap",
        "Choose what is drawn beneath all layers: natural-earth, land and countries with names; or none."
        + RECEIPT,
        '{"name": "none"}',
    ),
}
