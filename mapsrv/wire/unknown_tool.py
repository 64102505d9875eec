"""What does the work of a call that is none: models bring names from other servers, and make some up."""

from __future__ import annotations

import re
from collections.abc import Container

# Words that stand in such names, by the call that does what they mean; the first that has one counts.
_WORK: tuple[tuple[str, str], ...] = (
    ("get_map_screenshot", "screenshot image picture capture render"),
    ("find_places", "geocode geocoding search find place places lookup"),
    ("set_basemap", "basemap background satellite"),
    ("set_map_view", "zoom fly pan center centre fit view camera bounds goto jump rotate pitch bearing"),
    ("remove_layer", "delete remove clear drop erase"),
    ("toggle_layer", "hide show visibility visible toggle"),
    ("filter_layer", "filter where query"),
    ("move_layer", "reorder order raise lower front back move"),
    ("reset_layer_style", "reset undo revert restore"),
    ("set_layer_paint", "color colour style styles paint opacity width radius layout symbology legend"),
    ("update_features", "feature features update edit modify property properties"),
    ("set_layer_details", "rename title attribution"),
    ("get_layer_info", "info describe inspect schema fields attributes"),
    ("get_map_state", "state status viewers people"),
    ("list_layers", "list layers"),
    (
        "add_layer",
        "add create draw plot marker markers pin point points polygon geojson heatmap tiles upload",
    ),
    ("open_map", "new open map session join share link"),
)
MAX_READ = 100  # characters of such a name


def instead_of(name: str, known: Container[str]) -> str:
    """Return a sentence that names the call which does the work, with a blank before it; or nothing."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name[:MAX_READ]).lower()))
    found = next((call for call, means in _WORK if call in known and words & set(means.split())), None)
    return f" {found} does that." if found else ""
