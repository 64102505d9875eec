"""Regular arguments, and those of them that several tools read alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from mapsrv.core.state import Json
from mapsrv.wire import fields
from mapsrv.wire.source_text import json_of

Values: TypeAlias = Mapping[str, Json]


def layer_id(values: Values) -> str:
    """Return the id of the layer that the call is about."""
    return fields.any_id(values["layer_id"], "layer_id")


def optional_title(values: Values) -> str | None:
    """Return the title; None where it is left out or empty."""
    return fields.title(values["title"]) if values.get("title", "").strip() else None


def parsed(value: Json, what: str) -> Json:
    """Return what a text that begins like JSON is the JSON of; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    return json_of(value, what)
