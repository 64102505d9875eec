"""The colours that layers get unasked, against both grounds and for eyes that lack a kind of cone."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import combinations

import pytest

from mapsrv.prepare.default_style import PALETTE
from tests.kit.contrast import EYES, contrast, difference

TOKENS = json.loads(files("mapsrv.wire").joinpath("basemaps.json").read_bytes())["tokens"]
STANDS_OUT = 2.0  # contrast of a line or a point, which have a width and mostly a rim; text needs 4.5
APART = 16.0  # CIELAB: what the nearest two of Okabe and Ito's own are to some eyes


@pytest.mark.parametrize("scheme", TOKENS)
@pytest.mark.parametrize("colour", PALETTE)
def test_a_colour_stands_out_from_land_and_water(colour: str, scheme: str) -> None:
    tokens = TOKENS[scheme]
    assert min(contrast(colour, tokens["land"]), contrast(colour, tokens["water"])) >= STANDS_OUT


@pytest.mark.parametrize("eye", EYES)
def test_no_two_colours_are_alike_to_any_eye(eye: str) -> None:
    assert min(difference(one, other, eye) for one, other in combinations(PALETTE, 2)) >= APART
