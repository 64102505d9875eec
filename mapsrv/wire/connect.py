"""How an assistant is connected, in the one wording that the banner, the page and the docs have.

connect.json has the steps, where which of them fit, and what to say then; the page reads the same file
(static/src/panel/steps.ts).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mapsrv.core.state import Json
from mapsrv.wire.codec import loads

_GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """What the user of one client does: where, and with which texts, to be copied as they are."""

    client: str
    where: str
    texts: tuple[str, ...]


@cache
def words() -> dict[str, Json]:
    """Return the file, as it is."""
    told: dict[str, Json] = loads(files("mapsrv.wire").joinpath("connect.json").read_bytes())
    return told


def steps(place: str, *, base: str | None = None, command: Sequence[str] = ()) -> list[Step]:
    """Return the steps of one of the file's places, with what is known put into their texts.

    `base` is the server's address without a slash at its end, `command` runs `mapsrv stdio`.
    """
    known = {} if base is None else {"base": base}
    if command:
        known |= {"shell": shlex.join(command), "config": json.dumps(config(command))}
    told = [words()["steps"][name] for name in words()["places"][place]]
    return [
        Step(step["client"], step["where"], tuple(filled(text, known) for text in step["texts"]))
        for step in told
    ]


def config(command: Sequence[str]) -> dict[str, Json]:
    """Return what hosts that start servers themselves have in their file."""
    return {"mcpServers": {"mapsrv": {"command": command[0], "args": list(command[1:])}}}


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return a text with its gaps filled, in one pass: what is put in has none."""
    return _GAP.sub(lambda gap: known.get(gap[1], gap[0]), text)
