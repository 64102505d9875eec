"""Install what tests take from npm and PyPI: `python -m tests.install`, before any watchdog looks on.

They would do so themselves, at the first test that needs it, while the workers that need the same wait.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from tests.bridge.real.kit import packages
from tests.kit import node
from tests.load import environment

MODELS = node.FOLDER.parents[1] / "deploy" / "kit" / "npm"
NPM = (node.FOLDER, packages.NPM, packages.DEPLOY / "npm", MODELS)
PYPI = (("fetch.txt", (3, 11)), ("postgres.txt", packages.POSTGRES_MCP_NEEDS))


def main() -> None:
    """Install all; end with what went wrong."""
    with ThreadPoolExecutor() as pool:
        npm = pool.map(node.problem, NPM)
        load = pool.submit(environment.problem)
        wrong = [packages.problem(name, at_least) for name, at_least in PYPI]
        wrong += [*npm, load.result()]
    sys.exit("; ".join(filter(None, wrong)) or None)


if __name__ == "__main__":
    main()
