"""`python -m cut_places`: into the source tree, once the page is built there."""

from __future__ import annotations

from pathlib import Path

from cut_places.cut import cut

PACKAGE = Path(__file__).resolve().parents[1] / "mapsrv"

if __name__ == "__main__":
    cut(PACKAGE / "page", PACKAGE / "gazetteer" / "data")
