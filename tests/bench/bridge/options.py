"""What a run was asked to measure, and what its parts share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mapsrv.errors import leaves
from tests.bridge.kit.faults import WRONG
from tests.bridge.kit.wrappers import Wrapper


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked to measure. The first wrapper is the one that others are compared with."""

    parts: tuple[str, ...]
    wrappers: tuple[Wrapper, ...]
    transports: tuple[str, ...]
    clients: tuple[int, ...]
    seconds: float
    json: Path | None
    write: bool


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Say what went wrong with one wrapper, and let the others be measured."""
    try:
        yield
    except (*WRONG, ExceptionGroup) as error:
        told = list(leaves(error))
        if not all(isinstance(one, WRONG) for one in told):
            raise
        say(f"{what}: {'; '.join(repr(one)[:300] for one in told[:2])}")


def each(given: Options) -> Iterator[tuple[Wrapper, str]]:
    """Yield all that are compared with each other one after the other."""
    for transport in given.transports:
        for wrapper in given.wrappers:
            yield wrapper, transport


def say(text: str) -> None:
    """Tell who waits what happens."""
    print(text, file=sys.stderr, flush=True)
