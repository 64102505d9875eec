"""Which core runs what: the server that is measured has one, all that loads it another.

Children inherit what their parent may use, so a bench that is on the load's core starts everything
there but what server_words() begins.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.store.kit.valkey import die_with_parent

SERVER, LOAD = 0, 1


def told() -> str:
    """Say where the two run."""
    if _separate():
        return f"the server on core {SERVER}, the load on core {LOAD}"
    return "the server and its load on one core: the rates are of both"


def server_words(words: Sequence[str]) -> list[str]:
    """Return a command on the server's core, which ends with the bench however that ends."""
    pinned = [_program("taskset"), "-c", str(SERVER), *words] if _separate() else list(words)
    return die_with_parent(pinned)


def python_words(python: str | None) -> list[str]:
    """Return how to run this interpreter, or that of an earlier release, which must not find our tree."""
    if python is None:
        return [sys.executable]
    return [_program("env"), "-u", "PYTHONPATH", python, "-P"]


@contextmanager
def on_load_core() -> Iterator[None]:
    """Keep this process, and what it starts, on the load's core."""
    before = os.sched_getaffinity(0)
    if _separate():
        os.sched_setaffinity(0, {LOAD})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _separate() -> bool:
    return {SERVER, LOAD} <= set(range(os.cpu_count() or 1)) and shutil.which("taskset") is not None


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"there is no {name} on this machine"
    return found
