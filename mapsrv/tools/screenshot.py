"""get_map_screenshot: a picture from a page that somebody looks at, or the map in words."""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core.state import Json, MapLayer
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.tools.results import Result, query_result
from mapsrv.wire.json_text import printed

MAX_LAYERS_SAID = 30  # in words, from the top

NOBODY = "Nobody is watching, so there is no picture."
NONE_CAME = "No open browser gave a picture."


async def screenshot(hub: Hub, live: LiveSession, link: str, by: str, *, front: bool) -> Result:
    """Return the picture as one page shows it; `front`: rather the one in front."""
    picture = await hub.pictures.take(live, lambda: hub.asking.page(live, front=front), by)
    told: dict[str, Json] = {
        "session_id": live.id,
        "url": link,
        "position": str(live.position),
        "viewers": live.presence.count,
    }
    if picture is None:
        why = NONE_CAME if live.presence.count else NOBODY
        return query_result({**told, "picture": why, "in_words": in_words(live)})
    told |= {"picture": "as one browser shows it", "view": picture.view}
    if picture.waiting:
        told["still_loading"] = list(picture.waiting)
    return replace(query_result(told), picture=picture.png)


def in_words(live: LiveSession) -> list[Json]:
    """Return what is on the map, a line a layer, the top one first."""
    state = live.state
    layers = list(state)[::-1]
    said = [_layer(layer) for layer in layers[:MAX_LAYERS_SAID]]
    more = [f"and {len(layers) - len(said)} more beneath"] if len(layers) > len(said) else []
    many = "one layer" if len(layers) == 1 else f"{len(layers)} layers, the top one first"
    looks = f"The basemap {state.basemap}, looking at {printed(state.camera.to_json())}"
    return [looks, many if layers else "no layers", *said, *more]


def _layer(layer: MapLayer) -> str:
    kinds = ", ".join(dict.fromkeys(str(one["type"]) for one in layer.style_layers))
    hidden = "" if layer.visible else ", hidden"
    return f'"{layer.title}" ({layer.id}: {kinds}{hidden})'
