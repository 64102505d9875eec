"""deploy/bridge as Docker reads it: what each service of compose.yaml runs, with which variables and mounts.

The tests start the services from here, so that what they test is what the containers run. Only as much
of both languages is read as those two files speak.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.bridge.real.kit.packages import DEPLOY

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+):-([^}]*)\})")
INSIDE = 8080  # the port that a bridge has in its container


@dataclass(frozen=True, slots=True)
class Service:
    """One of compose.yaml's; `given` is what is written there, `command` is with the image's entry point."""

    name: str
    given: Mapping[str, Any]
    command: tuple[str, ...]

    @property
    def ours(self) -> bool:
        """Whether it is a bridge with its server."""
        return "build" in self.given

    @property
    def published(self) -> int:
        """The port that people use."""
        return int(self.given["ports"][0].split(":")[-2])

    @property
    def args(self) -> Mapping[str, str]:
        """What the image is built with."""
        found: Mapping[str, str] = self.given["build"]["args"]
        return found


def services(variables: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Return the services by name, as they are with these variables of the shell."""
    given = yaml.safe_load(interpolated((DEPLOY / "compose.yaml").read_text(), variables or {}))
    entry = tuple(json.loads(instruction("ENTRYPOINT")))
    return {
        name: Service(name, one, (*entry, *one.get("command", ())) if "build" in one else ())
        for name, one in given["services"].items()
    }


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Return Compose's text with its ${NAME:-default} replaced, and $$ made one."""
    return _VARIABLE.sub(lambda found: found[1] or variables.get(found[2]) or found[3], text)


def instruction(name: str) -> str:
    """Return what the Dockerfile's last instruction of this name says, on one line."""
    joined = (DEPLOY / "Dockerfile").read_text().replace("\\\n", "")
    return re.findall(rf"^{name} +(.*)$", joined, re.MULTILINE)[-1]
