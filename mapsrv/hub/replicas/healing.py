"""Sessions that went on alone come back, a few at a time: which, when, and what ends it.

How one comes back is in reconcile.py. Until its last command is decided a session stays on its branch.

- Submitted are all that have a branch when the store answers again, and one that goes alone while it does
  (its own call had failed). One that is already on its way stays due, and its end looks again.
- The store leaves again: what is left stays on the branch, and the store's return submits it anew.
- A newer release has written the map: nothing of ours may be written there. It is let go, and its callers
  are told by the store itself.
- It cannot come back though the store answers (its part in the store is damaged, say): it goes on alone,
  says why, takes commands again, and tries anew after a while.
- The branch may be closed for its last share; whatever ends the attempt opens it, or callers would wait
  for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import trio

from mapsrv.errors import MapsrvError, NewerFormat, StoreAway
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.parting import let_go, rejoin
from mapsrv.hub.replicas.reconcile import Means, Reconciler
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.metrics.maps import HEALING

AT_ONCE = 4  # sessions that come back at the same time
AGAIN_SECONDS = 5.0  # until a session that cannot come back, though the store answers, tries again
TELL_SECONDS = 1.0  # between two lines in the log that say how many commands are left

log = logging.getLogger("mapsrv.link")


class Healer:
    """Brings sessions back. `follow` is told of a session that is back."""

    def __init__(self, means: Means, health: StoreHealth, follow: Callable[[LiveSession], None]) -> None:
        self._means, self._health, self._follow = means, health, follow
        self._due: dict[LiveSession, None] = {}
        self._wake = trio.Event()
        self._places = trio.CapacityLimiter(AT_ONCE)
        self._busy: set[LiveSession] = set()
        self._ended = trio.Event()

    def submit(self, live: LiveSession) -> None:
        """Have a session come back, now that the store answers."""
        if live.alone:
            self._due[live] = None
            self._wake.set()

    @property
    def idle(self) -> bool:
        """Whether nobody is on the way back."""
        return not (self._due or self._busy)

    async def ended_one(self) -> None:
        """Wait until a session is back, or has to try again."""
        await self._ended.wait()

    async def run(self) -> None:
        """Bring sessions back for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell)
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                due, self._due = self._due, {}
                for live in [live for live in due if live.alone]:
                    if live in self._busy:
                        self._due[live] = None  # its end looks again
                    else:
                        self._busy.add(live)
                        nursery.start_soon(self._heal, live)

    async def _heal(self, live: LiveSession) -> None:
        branch = live.branch
        assert branch is not None
        try:
            async with self._places:
                await Reconciler(self._means, live, branch).run()
                rejoin(live)
                self._follow(live)
        except StoreAway as error:
            self._health.begin(error)  # its end starts this anew
        except NewerFormat as error:
            log.warning("session=let_go", extra={"reason": error.code, "refused": len(branch)})
            let_go(live, error)
        except MapsrvError as error:
            log.warning("session=alone", extra={"reason": error.code})
            branch.stuck = error
            branch.reopen()
            await trio.sleep(AGAIN_SECONDS)
            self._due[live] = None
        finally:
            branch.reopen()
            self._busy.discard(live)
            self._count()
            self._ended.set()
            self._ended = trio.Event()
            self._wake.set()

    async def _tell(self) -> None:
        """Say how many commands are still to be decided again, while there are some."""
        while True:
            if left := self._count():
                log.info("healing", extra={"left": left})
            await trio.sleep(TELL_SECONDS)

    def _count(self) -> int:
        left = sum(live.done_alone for live in self._busy)
        HEALING.set(left)
        return left
