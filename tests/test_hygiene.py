"""What is committed must mean the same on every machine, and third-party JavaScript stays out.

Looks at the files git has or would take, so a mistake is found before its commit. The patterns are
put together from pieces, so that this file does not match itself.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_SCRIPT_LINE = 2_000  # characters; hand-written lines end near 110, minified ones never do

# "you" is the one person whose home the docs may show.
HOME = re.compile(
    r"(?<![\w.])/(?:home|Users)" + r"/(?!you\b)\w|(?<![\w.])/root" + r"/|[A-Z]:\\Users" + r"\\(?!you\b)"
)
CHECKOUT = re.compile(r"(?<![\w./-])/(?:work|workspace|builds)" + r"/")
# Where packages come from is each machine's own business.
REGISTRY = re.compile(
    r"(?i)https?://(?:registry|pypi|files|deb)\." + r"|--(?:extra-)?index" + r"-url|--find" + r"-links"
)
FORBIDDEN = {"a home folder": HOME, "a machine's own path": CHECKOUT, "a registry's address": REGISTRY}


def committed() -> list[Path]:
    """Every file that git tracks, or would on `git add`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    paths = {ROOT / name.decode() for name in listed.split(b"\0") if name}
    return sorted(path for path in paths if path.is_file())


def forbidden_in(text: str) -> list[str]:
    return [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]


def third_party_script(path: Path, text: str) -> bool:
    """Whether a file looks like somebody's built JavaScript."""
    if "node_modules" in path.parts or ".min." in path.name:
        return True
    script = path.suffix in {".js", ".mjs", ".cjs"}
    return script and any(len(line) > MAX_SCRIPT_LINE for line in text.splitlines())


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    found = {path: forbidden_in(path.read_text("utf-8", "replace")) for path in committed()}
    assert {path: what for path, what in found.items() if what} == {}


def test_every_lock_file_holds_hashes_and_no_addresses_to_download_from() -> None:
    locks = [path for path in committed() if path.name == "package-lock.json"]
    assert ROOT / "static" / "package-lock.json" in locks
    found = {path: json.loads(path.read_text("utf-8"))["packages"] for path in locks}
    packages = [(path, name, one) for path, named in found.items() for name, one in named.items()]
    assert [(path, name) for path, name, one in packages if "resolved" in one] == []
    # The nameless one is the project itself.
    assert [(path, name) for path, name, one in packages if name and "integrity" not in one] == []


def test_no_third_party_javascript_is_committed() -> None:
    built = [path for path in committed() if third_party_script(path, path.read_text("utf-8", "replace"))]
    assert built == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /home" + "/ana/map.py", "a home folder"),
        ("/root" + "/.cache", "a home folder"),
        (r"C:\Users" + r"\Ana", "a home folder"),
        ("cat /work" + "/notes", "a machine's own path"),
        ("https://registry" + ".example.org/x.tgz", "a registry's address"),
        ("pip --index" + "-url x", "a registry's address"),
    ],
)
def test_a_forbidden_address_is_found(text: str, what: str) -> None:
    assert forbidden_in(text) == [what]


@pytest.mark.parametrize("text", ["/home/you/bin/mapsrv", "POST /commands", "static/work/x.ts", "~/maps"])
def test_an_ordinary_path_is_let_through(text: str) -> None:
    assert forbidden_in(text) == []


def test_built_javascript_is_found() -> None:
    assert third_party_script(Path("static/node_modules/a/b.ts"), "")
    assert third_party_script(Path("static/maplibre.min.js"), "")
    assert third_party_script(Path("static/bundle.js"), "x" * (MAX_SCRIPT_LINE + 1))
    assert not third_party_script(Path("static/scripts/basemap.mjs"), "const a = 1;\n")
