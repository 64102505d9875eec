"""What a model is told once of the whole server: what several tools share. The tools say it too, in short."""

MAX_LENGTH = 2_048  # characters, where some hosts cut

_PARAGRAPHS = (
    "mapsrv is a live map that you share with people. What you change shows in every open browser at "
    "once, and what people do (where they look, what they point at) comes back in get_map_state.",
    "Which map: pass session_id in every call, as the first result gave it; it takes an id or a whole map "
    "link. If a call answers no_map, ask the person for the link of the map they have open, or call "
    "open_map for a new one, and give them the link from its result. viewers says how many have the map "
    "open; at 0 nobody sees it: give the person that link.",
    "Adding data: add_layer takes GeoJSON itself, an address (.geojson, .pmtiles, TileJSON, {z}/{x}/{y} "
    "tiles), data/NAME, or what is here: builtin:cities, builtin:countries, builtin:us-states, layer:ID. "
    "Never make up coordinates: find_places knows cities, countries and US states. A message may have "
    "at most 256 KiB: larger GeoJSON goes by POST /data, or the person drops the file on the map. "
    "Coordinates are [longitude, latitude] in degrees. Style layers are the MapLibre Style Spec's. For "
    "single features use update_features.",
    "Changing it: set_layer_paint, filter_layer, toggle_layer, move_layer; reset_layer_style puts the "
    "look back as added. set_map_view moves everyone's camera, and add_layer with fit: true shows the new "
    "data: no oftener than the person wants.",
    "Results: changed lists what your call changed; camera_near says where the view went, so that swapped "
    "coordinates show; shown and problems say what an open browser made of it; warnings say what may look "
    "wrong, and which call mends it; people_did what people changed since your last change. "
    "get_map_screenshot shows you the map. An error says what was expected: mend the call and try again.",
)

INSTRUCTIONS = "\n\n".join(_PARAGRAPHS)
