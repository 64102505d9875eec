"""What a process is about to tell the others: of each thing the latest, and of what tabs say not without end.

What a process says of itself is bounded by the sessions it holds. Tabs are whoever asks: what they say
waits apart, goes second, and is dropped where too much waits.
"""

from __future__ import annotations

from itertools import islice

MAX_OF_TABS = 2_000  # that wait: 1 MiB as people are, 32 MiB of the largest; Redis takes them in 0.1 s
AT_ONCE = 100  # publications in one pipeline


class Tells:
    """What waits, by session and subject."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], bytes] = {}
        self._of_tabs: dict[tuple[str, str], tuple[int, bytes]] = {}

    def __bool__(self) -> bool:
        return bool(self._own or self._of_tabs)

    def put(self, session_id: str, about: str, body: bytes) -> None:
        """Have this told, and nothing that was said about the same before."""
        self._own[session_id, about] = body

    def put_of_tab(self, session_id: str, about: str, number: int, body: bytes) -> None:
        """Have this told, unless what waits about the same has a higher number; a request may be late."""
        waiting = self._of_tabs.get((session_id, about))
        if number >= waiting[0] if waiting is not None else len(self._of_tabs) < MAX_OF_TABS:
            self._of_tabs[session_id, about] = number, body

    def take(self) -> list[tuple[str, bytes]]:
        """Return, and forget, the next AT_ONCE bodies with their sessions."""
        own = list(islice(self._own, AT_ONCE))
        of_tabs = list(islice(self._of_tabs, AT_ONCE - len(own)))
        taken = [(subject[0], self._own.pop(subject)) for subject in own]
        return taken + [(subject[0], self._of_tabs.pop(subject)[1]) for subject in of_tabs]
