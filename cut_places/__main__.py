"""`python -m cut_places`: into the source tree, out of the shapes that the page's build has left in it."""

from __future__ import annotations

from pathlib import Path

from cut_places.cut import cut

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    cut(ROOT / "static" / ".cut" / "shapes", ROOT / "mapsrv" / "gazetteer" / "data")
