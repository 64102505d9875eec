"""The names of the MapLibre Style Spec (its package 26.6): which paint and layout properties a type has.

The one part of the spec that is written down here, for what is decided without waiting: which style layers
take a property, and what a misspelt one was to be. What their values may be, MapLibre's own validator says
(mapsrv/style_spec); a test holds this table to it. `*` stands for the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mapsrv.core.suggest import nearest as nearest_of

_PAINT = {
    "fill": """
        *-antialias *-opacity *-layer-opacity *-layer-blend *-color *-outline-color *-translate
        *-translate-anchor *-pattern
    """,
    "line": """
        *-opacity *-layer-opacity *-layer-blend *-color *-gradient *-translate *-translate-anchor *-width
        *-gap-width *-blur *-offset *-dasharray *-pattern
    """,
    "symbol": """
        icon-opacity text-opacity icon-color icon-halo-color text-color text-halo-color icon-halo-width
        icon-halo-blur text-halo-width text-halo-blur icon-translate text-translate icon-translate-anchor
        text-translate-anchor
    """,
    "circle": """
        *-radius *-stroke-width *-color *-stroke-color *-blur *-opacity *-stroke-opacity *-translate
        *-translate-anchor *-pitch-scale *-pitch-alignment
    """,
    "heatmap": "*-radius *-weight *-intensity *-color *-opacity",
    "fill-extrusion": """
        *-opacity *-color *-translate *-translate-anchor *-pattern *-height *-base *-vertical-gradient
    """,
    "raster": """
        *-opacity *-brightness-min *-brightness-max *-hue-rotate *-saturation *-contrast
        resampling *-resampling *-fade-duration
    """,
    "hillshade": """
        *-illumination-direction *-illumination-altitude *-illumination-anchor *-exaggeration
        *-shadow-color *-highlight-color *-accent-color *-method resampling
    """,
    "color-relief": "*-opacity *-color resampling",
}

_LAYOUT = {
    "fill": "*-sort-key",
    "line": "*-cap *-join *-miter-limit *-round-limit *-sort-key",
    "symbol": """
        *-placement *-spacing *-avoid-edges icon-allow-overlap icon-ignore-placement icon-optional
        icon-keep-upright text-keep-upright text-allow-overlap text-ignore-placement text-optional
        *-sort-key icon-rotate text-line-height text-letter-spacing text-radial-offset text-max-angle
        text-rotate *-height-offset *-z-order icon-overlap text-overlap icon-rotation-alignment
        icon-pitch-alignment text-pitch-alignment icon-size text-size text-max-width text-padding
        icon-text-fit icon-text-fit-padding icon-image text-field icon-padding icon-offset text-offset
        icon-anchor text-anchor text-rotation-alignment text-font text-justify text-variable-anchor
        text-variable-anchor-offset text-writing-mode text-transform *-height-anchor
    """,
    "circle": "*-sort-key",
    "heatmap": "",
    "fill-extrusion": "*-rounded-corner-distance",
    "raster": "",
    "hillshade": "",
    "color-relief": "",
}


def _names(table: Mapping[str, str], *also: str) -> dict[str, tuple[str, ...]]:
    return {kind: (*text.replace("*", kind).split(), *also) for kind, text in table.items()}


PAINT = _names(_PAINT)
LAYOUT = _names(_LAYOUT, "visibility")
LAYER_TYPES = tuple(PAINT)  # a person's layers; `background` belongs to the basemap
COMMON = ("opacity", "minzoom", "maxzoom")  # what set_layer_paint takes besides
TRANSITION = "-transition"
_EVERY_NAME = tuple(
    dict.fromkeys(name for group in (PAINT, LAYOUT) for names in group.values() for name in names)
)


def is_paint(kind: str, name: str) -> bool:
    """Return whether a style layer of that type has that paint property, or it is one's transition."""
    return name.removesuffix(TRANSITION) in PAINT.get(kind, ())


def is_layout(kind: str, name: str) -> bool:
    """Return whether a style layer of that type has that layout property."""
    return name in LAYOUT.get(kind, ())


def properties_for(kind: str) -> tuple[str, ...]:
    """Return the names of the paint, then the layout properties of that type."""
    return (*PAINT.get(kind, ()), *LAYOUT.get(kind, ()))


def types_with(name: str) -> tuple[str, ...]:
    """Return the layer types that have that paint or layout property."""
    return tuple(kind for kind in LAYER_TYPES if is_paint(kind, name) or is_layout(kind, name))


def opacity_properties(kind: str) -> tuple[str, ...]:
    """Return the paint properties that `opacity` stands for."""
    if kind == "symbol":
        return ("icon-opacity", "text-opacity")
    return tuple(name for name in (f"{kind}-opacity",) if is_paint(kind, name))


def nearest(name: str, kinds: Iterable[str] | None = None) -> str:
    """Return ' Did you mean "x"?' for the property of these types (of all) most like `name`, or ''."""
    names = _EVERY_NAME if kinds is None else [name for kind in kinds for name in properties_for(kind)]
    plain = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name[:100].strip())
    plain = plain.replace(" ", "-").replace("_", "-").replace("--", "-").strip("-").replace("colour", "color")
    ending = [known for known in names if known.endswith(f"-{plain}")]
    return nearest_of(ending[0] if ending and plain not in names else plain, (*names, *COMMON))
