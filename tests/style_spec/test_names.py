"""The table of names in core/ is that of the package, both ways."""

from __future__ import annotations

from mapsrv.core.style_names import LAYOUT, PAINT
from tests.kit.style_engine import built
from tests.style_spec.kit.package import asked

BASEMAPS_OWN = {"background"}  # a person's layer has none


def test_the_table_of_names_is_the_packages_both_ways() -> None:
    built()
    (groups,) = asked("properties")
    package = {kind: (set(paint), set(layout)) for kind, paint, layout in groups if kind not in BASEMAPS_OWN}
    assert {kind: (set(PAINT[kind]), set(LAYOUT[kind])) for kind in PAINT} == package
    assert all(len(names) == len(set(names)) for group in (PAINT, LAYOUT) for names in group.values())
