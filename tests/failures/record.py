"""What the clients of a run were told, as it came. Written by the load's thread, read by any.

Nothing is judged here: count.py does.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

now = time.monotonic  # the clock of a run, the same for all threads


@dataclass(frozen=True, slots=True)
class Ack:
    """A command that was acknowledged. It adds the layer, or hides it, which it does once or not at all."""

    session: str
    layer: str
    hides: bool
    writer: int
    sent: float  # when it was first sent
    answered: float
    tries: int
    durability: str
    position: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that was refused for good."""

    session: str
    layer: str
    hides: bool
    at: float
    status: int
    code: str


@dataclass(slots=True)
class Record:
    """Everything that was said in a run."""

    acks: list[Ack] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)  # by what the client saw
    trouble: list[float] = field(default_factory=list)  # when a writer's try failed
    given_back: set[str] = field(default_factory=set)  # keys in `status.refused`
    wrong: list[str] = field(default_factory=list)  # laws that were seen broken
    snapshots: int = 0
    # What stands at a position of a session, whichever viewer saw it: the event, and the state.
    events: defaultdict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    states: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def saw_event(self, session: str, position: str, body: bytes) -> None:
        """Note an event; another at the same position is wrong."""
        known = self.events[session].setdefault(position, body)
        if known != body:
            self.wrong.append(f"two events at {position}: {known!r} and {body!r}")

    def saw_state(self, session: str, position: str, state: Any) -> None:
        """Note a whole state; another at the same position is wrong."""
        text = json.dumps(state, sort_keys=True).encode()
        digest = hashlib.sha256(text).hexdigest()
        if self.states[session].setdefault(position, digest) != digest:
            self.wrong.append(f"two states at {position}")

    def failed(self, what: str) -> None:
        """Note a try that was answered for the time being, or not at all."""
        self.failures[what] += 1
        self.trouble.append(now())


def key_of(layer: str, hides: bool) -> str:
    """Return the idempotency key of a command."""
    return f"{layer}-{'hide' if hides else 'add'}"
