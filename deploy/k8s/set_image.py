"""Write an image into the base's and the example's kustomization: set_image.py NAME TAG [sha256:DIGEST].

What `kustomize edit set image` does, where there is no kustomize, and without touching a comment. A tag and a
digest stand side by side: the digest is what runs, the tag is for people.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = tuple(HERE / folder / "kustomization.yaml" for folder in ("base", "example"))
ENTRY = re.compile(r"(  - name: mapsrv\n)((?:    (?:newName|newTag|digest): .*\n)+)")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def edited(text: str, name: str, tag: str, digest: str | None) -> str:
    """Return a kustomization with the image in it."""
    lines = [f"newName: {name}", f"newTag: {tag}", *([f"digest: {digest}"] if digest else [])]
    found, times = ENTRY.subn(lambda old: old[1] + "".join(f"    {line}\n" for line in lines), text)
    if times != 1:
        raise SystemExit("There is no one image called mapsrv in the kustomization.")
    return found


def main(words: list[str]) -> None:
    """Edit both files."""
    if len(words) not in (2, 3) or (words[2:] and not DIGEST.fullmatch(words[2])):
        raise SystemExit(__doc__)
    for file in FILES:
        file.write_text(edited(file.read_text("utf-8"), words[0], words[1], (words[2:] or [None])[0]), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
