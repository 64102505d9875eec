"""Regular arguments, and those of them that several tools read alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from mapsrv.core.state import Json
from mapsrv.wire import fields

Values: TypeAlias = Mapping[str, Json]


def layer_id(values: Values) -> str:
    """Return the id of the layer that the call is about."""
    return fields.any_id(values["layer_id"], "layer_id")


def optional_title(values: Values) -> str | None:
    """Return the title; None where it is left out or empty."""
    return fields.title(values["title"]) if values.get("title", "").strip() else None
