"""What is told of a style: MapLibre's words after the argument's path, and behind them what helps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.wire.json_text import shown

MAX_FAULTS = 5  # told of one call
MAX_WARNINGS = 5  # of one call, beside those on its data
MAX_SHOWN = 2_000  # characters of an expression that is told to be sent instead

# How an operator is written whose arguments were miscounted.
FORMS = {
    "match": '["match", input, label, output, ..., fallback]: it ends with the fallback',
    "case": '["case", condition, output, ..., fallback]: it ends with the fallback',
    "step": '["step", input, output, stop, output, ...]',
    "interpolate": '["interpolate", ["linear"], input, stop, output, ...]',
    "get": '["get", "name"]',
    "has": '["has", "name"]',
    "in": '["in", value, ["literal", [...]]]',
    "==": '["==", ["get", "name"], value]',
}
EXAMPLES = {
    "color": '"#2f6fde", "rgba(47, 111, 222, 0.5)" or "steelblue"',
    "number": "2",
    "boolean": "true",
    "string": '"{name}"',
    "formatted": '["get", "name"]',
    "resolvedImage": '"marker"',
    "padding": "2 or [2, 4]",
    "numberArray": "315",
    "colorArray": '"#2f6fde"',
    "variableAnchorOffsetCollection": '["top", [0, 4], "left", [3, 0]]',
}
_CONVERSIONS = {"number": "to-number", "string": "to-string", "color": "to-color", "boolean": "to-boolean"}
_INTERPOLATIONS = ("linear", "exponential", "cubic-bezier")

# Words of MapLibre's, and what helps behind them.
_HELP: tuple[tuple[str, Callable[[re.Match[str], Mapping[str, Json]], str]], ...] = (
    (r"Unknown interpolation type (\S+)", lambda m, f: nearest(m[1], _INTERPOLATIONS)),
    (r"expected one of \[(.*)\], \"?([^\"]*)\"? found", lambda m, f: nearest(m[2], m[1].split(", "))),
    (r"arguments?\b", lambda m, f: f" Write {FORMS[f['head']]}." if f.get("head") in FORMS else ""),
    (
        r'"zoom" expression may only',
        lambda m, f: ' Example: ["interpolate", ["linear"], ["zoom"], 5, 1, 12, ["get", "size"]].',
    ),
    (r"strictly ascending", lambda m, f: " Sort the stops, each value once."),
    (
        r"data expressions not supported",
        lambda m, f: " Send a constant, or an expression of zoom alone.",
    ),
    (
        r"Expected (number|string|color|boolean) but found (?:value|string|number|boolean|color)",
        lambda m, f: f' Convert it: ["{_CONVERSIONS[m[1]]}", ...].',
    ),
    (r"lineMetrics", lambda m, f: ' Add the layer again with "lineMetrics": true in its source.'),
)


def refusal(faults: Iterable[tuple[str, Mapping[str, Json]]]) -> str:
    """Return what is wrong with a call: (key, fault) each, at most MAX_FAULTS told."""
    lines = list(dict.fromkeys(_line(key, fault) for key, fault in faults))
    more = len(lines) - MAX_FAULTS
    return "\n".join([*lines[:MAX_FAULTS], *([f"And {more} more."] if more > 0 else [])])


def over(items: Iterable[Mapping[str, Json]], what: str) -> str:
    """Return that judging these was over a limit; `what` ends the sentence."""
    names = list(dict.fromkeys(str(item["key"]) for item in items))[:MAX_FAULTS]
    return f"{', '.join(names)}: this {what}. Put what is different for each feature into the data instead."


def _line(key: str, fault: Mapping[str, Json]) -> str:
    text = str(fault["text"]).replace("\n", " ").rstrip(".")
    said = f"{key}{fault['path']}: {text[:MAX_SHOWN]}."
    if "modern" in fault:
        modern = shown(fault["modern"], MAX_SHOWN)
        return said + (f" Send an expression: {modern}" if len(modern) <= MAX_SHOWN else "")
    return said + _help(text, fault)


def _help(text: str, fault: Mapping[str, Json]) -> str:
    if "operators" in fault:
        unknown = re.match(r'Unknown expression "(.*?)"', text)
        return nearest(unknown[1] if unknown else str(fault.get("head")), fault["operators"])
    for words, help_ in _HELP:
        found = re.search(words, text)
        if found is not None:
            return help_(found, fault)
    example = EXAMPLES.get(str(fault.get("kind")))
    return "" if example is None else f" Example: {example}."


# --- what the data shows ----------------------------------------------------------------------


def _features(count: int) -> str:
    return "one feature" if count == 1 else f"{count:,} features"


def sampled(count: int, of: int) -> str:
    """Return that only some of the features were looked at; "" where all were."""
    return f" (Of {of:,} features {count:,} were looked at.)" if count < of else ""


def note(key: str, found: Mapping[str, Json], looked: str) -> str:
    """Return one thing that a layer's own data shows of a value; `looked` says of how many features."""
    return _NOTES[str(found["note"])](key, found) + looked


def _field(key: str, found: Mapping[str, Json]) -> str:
    names = found["names"]
    others = f" There are: {', '.join(names[:20])}." if names else " They have no properties."
    return f'{key}: no feature has "{found["name"]}".{nearest(found["name"], names) or others}'


def _label(key: str, found: Mapping[str, Json]) -> str:
    field = found["field"]
    return (
        f'{key}: no feature has {_listed(found["absent"], " or ")} as "{field}"; there are'
        f' {_listed(found["present"], ", ")}.'
        f' {found["rest"]:,} of {found["of"]:,} features fall to the default.'
    )


def _range(key: str, found: Mapping[str, Json]) -> str:
    return (
        f'{key}: "{found["field"]}" goes from {found["low"]:g} to {found["high"]:g} in the data, outside of'
        f' the stops {found["first"]:g} to {found["last"]:g}: all features get the same.'
    )


def _fails(key: str, found: Mapping[str, Json]) -> str:
    said = f'{key}: {found["count"]:,} of {found["of"]:,} features take the default: {found["message"]}'
    if found["field"] is None:
        return said
    what = f' "{found["field"]}" is {shown(found["sample"])} there'
    wanted = re.search(r"of type (number|string|boolean|color)", str(found["message"]))
    if wanted is None or found["found"] == "null":
        return f"{said}{what}."
    return f'{said}{what}: convert it by ["{_CONVERSIONS[wanted[1]]}", ["get", "{found["field"]}"]].'


_NOTES: Mapping[str, Callable[[str, Mapping[str, Json]], str]] = {
    "field": _field,
    "label": _label,
    "range": _range,
    "fails": _fails,
}


def no_ids(key: str, found: Mapping[str, Json]) -> str:
    """Return why ["id"] is refused where ids are text, and what to send."""
    modern = shown(found["modern"], MAX_SHOWN)
    return f'{key}: the ids of these features are text, for which MapLibre\'s ["id"] is null. Send: {modern}'


def nothing_matched(matched: Mapping[str, Json], holds: Mapping[str, Json], of: int) -> str:
    """Return that a filter shows nothing, with what its fields hold; `of` is how many features there are."""
    said = f"The filter matches none of the layer's {_features(matched['of'])}: nothing of it is shown."
    for field in holds["fields"]:
        if field["known"]:
            said += f' "{field["name"]}" is {_listed(field["values"], ", ")}.'
        else:
            said += f' No feature has "{field["name"]}".{nearest(field["name"], holds["names"])}'
    return said + sampled(matched["of"], of)


def _listed(values: Iterable[Json], between: str) -> str:
    return between.join(shown(value) for value in values) or "nothing"
