"""find_places: cities, countries and US states by name, out of what the server knows itself."""

from __future__ import annotations

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.json_text import shown
from mapsrv.wire.tools.requests import KINDS, FindPlaces
from mapsrv.wire.tools.schema import arguments, text
from mapsrv.wire.tools.tool import Tool
from mapsrv.wire.tools.values import Values

MAX_PLACES = 500
MAX_QUERY = 200  # characters of a name; the longest city's has 90


def _parse(values: Values, document: bytes | None) -> FindPlaces:
    query, country = values.get("query", "").strip(), values.get("country", "").strip() or None
    for name, value in (("query", query), ("country", country or "")):
        if len(value) > MAX_QUERY:
            raise InvalidArgument(f"{name} must have at most {MAX_QUERY} characters; got {shown(value)}.")
    kind, least, limit = (
        values.get("kind", "any"),
        int(values.get("min_population", 0)),
        int(values.get("limit", 10)),
    )
    if not query and country is None and kind == "any" and not least:
        raise InvalidArgument(
            'find_places needs something to look for: a query like "Bern", a country, a kind, min_population.'
            ' Example: find_places {"country": "CH", "kind": "city", "limit": 10}'
        )
    return FindPlaces(query, country, kind, least, values.get("sort", "match"), limit)


def _number(description: str, **more: Json) -> dict[str, Json]:
    return {"type": "integer", "description": description, **more}


TOOL = Tool(
    name="find_places",
    title="Find places",
    text=(
        "Find cities, countries and US states, with center, bounds and population ready for set_map_view or"
        " add_layer: never guess coordinates. Without query it lists the largest. To draw many use add_layer"
        ' with source "builtin:cities?country=CH&limit=10". known says what this list has; nearest, what was'
        " probably meant."
    ),
    example={"query": "Zurich", "country": "CH"},
    schema=arguments(
        query=text('A name in any language, also "Portland, Oregon".'),
        country=text("Within this country: ISO code or English name."),
        kind=text("What to look for.", enum=[*KINDS, "any"], default="any"),
        min_population=_number("Only where at least so many live.", minimum=0),
        sort=text("Which come first.", enum=["match", "population"], default="match"),
        limit=_number("How many; 50 are shown at most.", default=10, minimum=1, maximum=MAX_PLACES),
    ),
    parse=_parse,
    aliases={"name": "query", "q": "query", "place": "query"},
    read_only=True,
)
