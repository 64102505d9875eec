"""What the demo tells: how densely people live, where the great cities are, and a note at the largest.

It ends with what a map that a model drew can have: a rate with its legend, circles by size, a filter, notes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mapsrv.demo.data import (
    CITIES,
    COUNTRIES,
    city_layers,
    collection,
    density_layers,
    note,
    note_layers,
)

TITLE = "Where people live"
LARGEST = 5  # cities that get a note
DENSE, GREAT = 300, 5_000_000  # people per km2, people
WORLD: dict[str, Any] = {"center": [15, 20], "zoom": 1.2, "bearing": 0, "pitch": 0}
EAST: dict[str, Any] = {"center": [105, 27], "zoom": 3.2}

# Say what is done, call the tool, give people time to see it; returns what the tool answered.
Step = Callable[..., Awaitable[dict[str, Any]]]


async def tell(step: Step) -> dict[str, Any]:
    """Draw it all; return what the last call answered. Its layers have ids of their own."""
    await step("The whole world, from above", "set_map_view", **WORLD)
    await step(
        "The countries, coloured by people per km²", "add_layer",
        id="demo-density", title="People per km²", source=COUNTRIES, layers=density_layers(),
    )  # fmt: skip
    await step(
        "The cities of over a million people, as circles by their size", "add_layer",
        id="demo-cities", title="Cities over a million", source=CITIES, layers=city_layers(),
    )  # fmt: skip
    await step("Closer, to where most of them are", "set_map_view", **EAST)
    found = await step("Which are the largest?", "find_places", kind="city", sort="population", limit=LARGEST)
    first, *others = found["places"]
    await step(
        f"A note at the largest: {first['name']}", "add_layer",
        id="demo-notes", title="The largest cities", source=collection([note(first)]), layers=note_layers(),
    )  # fmt: skip
    names = ", ".join(place["name"] for place in others)
    notes = [note(place) for place in others]
    await step(f"And at the next four: {names}", "update_features", layer_id="demo-notes", add=notes)
    dense = [">=", ["get", "per_km2"], DENSE]
    await step(
        f"Only countries of {DENSE} people per km² and more",
        "filter_layer",
        layer_id="demo-density",
        filter=dense,
    )
    await step("All countries again", "filter_layer", layer_id="demo-density", filter=None)
    great = [">=", ["get", "population"], GREAT]
    await step(
        "Only cities of five million people and more", "filter_layer", layer_id="demo-cities", filter=great
    )
    return await step("Back to the whole world", "set_map_view", **WORLD)
