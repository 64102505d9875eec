"""Builds the images and runs them as deploy/ does: `python -m tests.images [PART ...]`. Needs podman.

Printed are sizes, memory and the time to the first answer; what is not as it should be ends it with 1.
"""

from __future__ import annotations

import argparse
import sys

from tests.images import base, bridge, kube, site

PARTS = {"site": site, "bridge": bridge, "kube": kube}


def main() -> int:
    """Have the images that ours are made from, or run beside, and run the parts."""
    parser = argparse.ArgumentParser("python -m tests.images", description="Build our images, and run them.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    names = parser.parse_args().parts or list(PARTS)
    if unknown := set(names) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for name in names:
        print(f"## {name}", flush=True)
        for image in PARTS[name].BASES:
            print(f"{image}: {base.have(image)}", flush=True)
        PARTS[name].main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
