"""The same package in Node, whose verdicts ours are to agree with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import mapsrv.style_spec
from tests.kit.node import node

BUNDLE = Path(mapsrv.style_spec.__file__).parent / "built" / "style_spec.js"
_RUN = """
const vm = require("vm"), fs = require("fs");
vm.runInThisContext(fs.readFileSync(process.argv[1], "utf8"));
const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const answered = (one) => one === "properties" ? properties() : answer(JSON.stringify(one));
process.stdout.write(JSON.stringify(asked.map(answered)));
"""
RUN_SECONDS = 120


def asked(*requests: Any) -> list[Any]:
    """Return what Node answers to each request."""
    done = subprocess.run(
        [node(), "-e", _RUN, str(BUNDLE)],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=True,
    )
    return [json.loads(answer) for answer in json.loads(done.stdout)]


def faults_of(layers: list[dict[str, Any]], source: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return what the package's validator says of whole style layers that draw a source called s."""
    items = [{"of": "layer", "key": "layer", "value": layer, "source": source} for layer in layers]
    (answer,) = asked({"judge": items, "try": [], "count": None, "data": None})
    faults: list[list[dict[str, Any]]] = answer["verdicts"]
    return faults
