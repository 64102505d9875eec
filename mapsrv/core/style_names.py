"""Facts of the MapLibre Style Spec, version 8 (as of its package 26.6), in a notation of our own.

Each layer type has groups "KIND NAME NAME ...", where * stands for the type: `number:0..1 *-opacity`
under fill means that fill-opacity is a number from 0 to 1. Nothing here decides; see style_table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_PAINT = {
    "fill": (
        "boolean *-antialias; number:0..1 *-opacity *-layer-opacity; "
        "enum:normal|multiply|color|luminosity|plus-lighter|screen|overlay *-layer-blend; color *-color "
        "*-outline-color; array:2 *-translate; enum:map|viewport *-translate-anchor; text *-pattern"
    ),
    "line": (
        "number:0..1 *-opacity *-layer-opacity; "
        "enum:normal|multiply|color|luminosity|plus-lighter|screen|overlay *-layer-blend; color *-color "
        "*-gradient; array:2 *-translate; enum:map|viewport *-translate-anchor; number:0.. *-width "
        "*-gap-width *-blur; number *-offset; array *-dasharray; text *-pattern"
    ),
    "symbol": (
        "number:0..1 icon-opacity text-opacity; color icon-color icon-halo-color text-color "
        "text-halo-color; number:0.. icon-halo-width icon-halo-blur text-halo-width text-halo-blur; "
        "array:2 icon-translate text-translate; enum:map|viewport icon-translate-anchor "
        "text-translate-anchor"
    ),
    "circle": (
        "number:0.. *-radius *-stroke-width; color *-color *-stroke-color; number *-blur; number:0..1 "
        "*-opacity *-stroke-opacity; array:2 *-translate; enum:map|viewport *-translate-anchor "
        "*-pitch-scale *-pitch-alignment"
    ),
    "heatmap": "number:1.. *-radius; number:0.. *-weight *-intensity; color *-color; number:0..1 *-opacity",
    "fill-extrusion": (
        "number:0..1 *-opacity; color *-color; array:2 *-translate; enum:map|viewport *-translate-anchor; "
        "text *-pattern; number *-height *-base; boolean *-vertical-gradient"
    ),
    "raster": (
        "number:0..1 *-opacity *-brightness-min *-brightness-max; "
        "enum:normal|multiply|color|luminosity|plus-lighter|screen|overlay *-layer-blend; number "
        "*-hue-rotate; number:-1..1 *-saturation *-contrast; enum:linear|nearest resampling *-resampling; "
        "number:0.. *-fade-duration"
    ),
    "hillshade": (
        "numbers *-illumination-direction *-illumination-altitude; enum:map|viewport "
        "*-illumination-anchor; number:0..1 *-exaggeration; colors *-shadow-color *-highlight-color; "
        "color *-accent-color; enum:standard|basic|combined|igor|multidirectional *-method; "
        "enum:linear|nearest resampling"
    ),
    "color-relief": "number:0..1 *-opacity; color *-color; enum:linear|nearest resampling",
}

_LAYOUT = {
    "fill": "number *-sort-key",
    "line": (
        "enum:butt|round|square *-cap; enum:bevel|round|miter *-join; number *-miter-limit *-round-limit "
        "*-sort-key"
    ),
    "symbol": (
        "enum:point|line|line-center *-placement; number:1.. *-spacing; boolean *-avoid-edges "
        "icon-allow-overlap icon-ignore-placement icon-optional icon-keep-upright text-keep-upright "
        "text-allow-overlap text-ignore-placement text-optional; number *-sort-key icon-rotate "
        "text-line-height text-letter-spacing text-radial-offset text-max-angle text-rotate "
        "*-height-offset; enum:auto|viewport-y|source *-z-order; enum:never|always|cooperative "
        "icon-overlap text-overlap; enum:map|viewport|auto icon-rotation-alignment icon-pitch-alignment "
        "text-pitch-alignment; number:0.. icon-size text-size text-max-width text-padding; "
        "enum:none|width|height|both icon-text-fit; array:4 icon-text-fit-padding; text icon-image "
        "text-field; padding icon-padding; array:2 icon-offset text-offset; "
        "enum:center|left|right|top|bottom|top-left|top-right|bottom-left|bottom-right icon-anchor "
        "text-anchor; enum:map|viewport|viewport-glyph|auto text-rotation-alignment; strings text-font; "
        "enum:auto|left|center|right text-justify; "
        "enums:center|left|right|top|bottom|top-left|top-right|bottom-left|bottom-right "
        "text-variable-anchor; offsets text-variable-anchor-offset; enums:horizontal|vertical "
        "text-writing-mode; enum:none|uppercase|lowercase text-transform; enum:ground|absolute "
        "*-height-anchor"
    ),
    "circle": "number *-sort-key",
    "fill-extrusion": "number:0.. *-rounded-corner-distance",
}

# Names of CSS colours (CSS Color 4, section 6.1), and `transparent`.
COLORS = frozenset("""
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown
    burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue
    darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange
    darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray darkslategrey darkturquoise
    darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia
    gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew hotpink indianred indigo
    ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
    lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue
    lightslategray lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon
    mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue
    mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin
    navajowhite navy oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen
    paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple rebeccapurple red
    rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue
    slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
    whitesmoke yellow yellowgreen transparent
    """.split())

# Names of expressions: the first element of an array that is one.
OPERATORS = frozenset("""
    let var literal semiliteral array at in index-of slice case match coalesce step interpolate
    interpolate-hcl interpolate-lab ln2 pi e typeof string number boolean object collator format image
    global-state number-format to-string to-number to-boolean to-rgba to-color rgb rgba get has length
    properties feature-state geometry-type id zoom heatmap-density elevation line-progress accumulated +
    * - / % ^ sqrt log10 ln log2 sin cos tan asin acos atan min max round abs ceil floor distance == !=
    > < >= <= all any ! within is-supported-script upcase downcase concat resolved-locale split join
    """.split())


@dataclass(frozen=True, slots=True)
class Property:
    """What a paint or layout property takes: a kind, and the kind's own range, words or length."""

    kind: str  # number, numbers, color, colors, boolean, text, enum, enums, strings, array, padding, offsets
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    length: int | None = None


def _read_kind(text: str) -> Property:
    kind, _, rest = text.partition(":")
    if not rest:
        return Property(kind)
    if kind == "number":
        low, _, high = rest.partition("..")
        return Property(kind, float(low), float(high) if high else None)
    if kind == "array":
        return Property(kind, length=int(rest))
    return Property(kind, values=tuple(rest.split("|")))


def _read_groups(layer_type: str, text: str) -> Iterator[tuple[str, Property]]:
    for group in text.split("; "):
        kind, *names = group.split(" ")
        for name in names:
            yield name.replace("*", layer_type), _read_kind(kind)


VISIBILITY = Property("enum", values=("visible", "none"))
PAINT = {layer_type: dict(_read_groups(layer_type, text)) for layer_type, text in _PAINT.items()}
LAYOUT = {
    layer_type: (
        {**dict(_read_groups(layer_type, _LAYOUT[layer_type])), "visibility": VISIBILITY}
        if layer_type in _LAYOUT
        else {"visibility": VISIBILITY}
    )
    for layer_type in _PAINT
}
