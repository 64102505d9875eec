"""What processes tell each other of a map beside its events, on the channel of what is never stored.

A process of an earlier release passes over what it does not know, and so does this one: read_told() knows
five kinds, and raises for all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mapsrv.core.state import Json
from mapsrv.wire import codec
from mapsrv.wire.asked import Ask, read_ask
from mapsrv.wire.said import MAX_PASSED_ON, TAB_LETTERS, Said, read_passed_on
from mapsrv.wire.viewers import presence

MAX_POD = 64  # characters of a process's id
MAX_TOLD = 512 * 1024  # bytes of JSON: a release that bounded no frame told up to half of it
NOTHING: Mapping[str, Json] = MappingProxyType({})
MAX_COUNT = 1_000_000  # viewers of a process: more than it can stream to


@dataclass(frozen=True, slots=True)
class Told:
    """The viewers of another process; `here` of them, the first, have a stream."""

    pod: str
    count: int
    viewers: list[Json]
    here: int
    asks: str | None = None  # the one of them that may be asked
    models: Json = None  # that called there, as they came: wire/models.py reads them
    calls: Json = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Another process asks the others to commit nothing of a session for a moment."""

    pod: str


@dataclass(frozen=True, slots=True)
class Who:
    """Another process has just loaded a session, and asks the others for their viewers."""

    pod: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Another process asks a tab whose stream it does not have."""

    pod: str
    tab: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Another process was told something by a tab whose stream it does not have."""

    pod: str
    said: Said


def turn(pod: str) -> bytes:
    """Return what a process that asks for a turn tells."""
    return codec.dumps({"pod": pod, "turn": True})


def who(pod: str) -> bytes:
    """Return what a process that asks for the others' viewers tells."""
    return codec.dumps({"pod": pod, "who": True})


def asked(pod: str, tab: str, ask: Ask) -> bytes:
    """Return what a process tells that asks a tab of another one."""
    return codec.dumps({"pod": pod, "asked": tab, **ask.to_json()})


def told(
    pod: str,
    count: int,
    here: list[bytes],
    away: list[bytes],
    asks: str | None = None,
    models: Mapping[str, Json] = NOTHING,
) -> bytes:
    """Return what a process tells the others of its viewers, as a frame is bounded and ordered.

    `models` has those that called there, and their calls.
    """
    head: dict[str, Json] = {"pod": pod, "count": count, "here": len(here), **models}
    return presence(head if asks is None else head | {"asks": asks}, [*here, *away])


def read_told(body: bytes) -> Told | Turn | Who | Asked | PassedOn:
    """Return what a process told. Raises ValueError for what none tells."""
    told: Json = codec.loads(body) if len(body) <= MAX_TOLD else None
    match told:
        case {"pod": str(pod), "turn": True} if len(pod) <= MAX_POD:
            return Turn(pod)
        case {"pod": str(pod), "who": True} if len(pod) <= MAX_POD:
            return Who(pod)
        case {"pod": str(pod), "asked": str(tab)} if len(pod) <= MAX_POD and len(tab) == TAB_LETTERS:
            return Asked(pod, tab, read_ask(told))
        case {"pod": str(pod), "tab": _} if len(pod) <= MAX_POD and len(body) <= MAX_PASSED_ON:
            return PassedOn(pod, read_passed_on(told))
        case {"pod": str(pod), "count": int(count), "viewers": list(viewers)}:
            here = told.get("here", len(viewers))  # an earlier release does not say
            if len(pod) <= MAX_POD and 0 <= count <= MAX_COUNT and isinstance(here, int):
                asks = told.get("asks")
                known = isinstance(asks, str) and len(asks) == TAB_LETTERS
                more = told.get("models"), told.get("calls")
                return Told(pod, count, viewers, max(0, here), asks if known else None, *more)
    raise ValueError("not of a process's viewers, its turn, its questions, or one of its tabs")
