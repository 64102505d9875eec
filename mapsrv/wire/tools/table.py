"""All tools, in the order in which they are published: a new one is its own file and its line here."""

from __future__ import annotations

from mapsrv.wire.tools import (
    add_layer,
    filter_layer,
    find_places,
    get_layer_info,
    get_map_screenshot,
    get_map_state,
    list_layers,
    move_layer,
    open_map,
    remove_layer,
    reset_layer_style,
    set_basemap,
    set_layer_details,
    set_layer_paint,
    set_map_view,
    toggle_layer,
    update_features,
)
from mapsrv.wire.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    open_map.TOOL,
    get_map_state.TOOL,
    get_map_screenshot.TOOL,
    list_layers.TOOL,
    get_layer_info.TOOL,
    find_places.TOOL,
    add_layer.TOOL,
    update_features.TOOL,
    remove_layer.TOOL,
    toggle_layer.TOOL,
    move_layer.TOOL,
    filter_layer.TOOL,
    set_layer_paint.TOOL,
    set_layer_details.TOOL,
    reset_layer_style.TOOL,
    set_map_view.TOOL,
    set_basemap.TOOL,
)
