"""The calls that wait for their clients' answers, known by a state that only those were given; bounded.

A state is a capability: who has it goes on with the call. It works once, and not for ever.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import trio

from mapsrv.bridge.revisions.vocabulary import Object
from mapsrv.errors import TooMany

if TYPE_CHECKING:
    from mapsrv.bridge.revisions.modern_call import ModernCall

MAX_HELD = 100  # calls of one server
HELD_SECONDS = 600.0  # a person may have to be asked
MAX_OPEN = 1000  # requests of modern clients at once


class InputRequired:
    """Of one server. `open` is how many requests of modern clients are being served."""

    def __init__(self) -> None:
        self.open = 0
        self._held: dict[str, tuple[ModernCall, float]] = {}

    @property
    def held(self) -> int:
        """How many calls wait."""
        return len(self._held)

    @property
    def has_room(self) -> bool:
        """Whether one more call may wait."""
        return len(self._held) < MAX_HELD

    def check_room(self) -> None:
        """Raise TooMany when no more requests are served."""
        if self.open >= MAX_OPEN:
            raise TooMany(f"{MAX_OPEN} requests are being answered, and more are not taken.", retry_after=1)

    def hold(self, call: ModernCall) -> str:
        """Keep a call; return its state."""
        state = secrets.token_urlsafe(24)
        self._held[state] = (call, trio.current_time() + HELD_SECONDS)
        return state

    def take(self, state: object, method: str, params: Object) -> ModernCall | None:
        """Return the call that waits under a state, if it is this one."""
        found = self._held.get(state) if isinstance(state, str) else None
        if found is None or not found[0].is_of(method, params):
            return None
        del self._held[str(state)]
        return found[0]

    def sweep(self) -> None:
        """End the calls whose clients have not come back."""
        now = trio.current_time()
        for state, (call, until) in list(self._held.items()):
            if until <= now and state in self._held:
                del self._held[state]
                call.end()
