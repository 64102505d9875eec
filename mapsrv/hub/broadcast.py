"""What is new in a session, written straight to the socket of every reader: one round for all of them.

Theory of operation. A reader that has taken all there was sits down: it has a Seat, and from then on its own
task sleeps until that is lost. What comes is written by the rounds. live.wake() notes the session, once,
however much happens before the round; the round goes over the seats and writes to each, without waiting.

Readers who have been told the same are at one mark, one and the same object, and get one chunk of bytes,
made once. So marks are interned: whoever sits down, and every step of a round, takes the session's own mark
where it is equal. Else every round would encode for each seat.

Shared is only what is the same for all: events, presence, and the status of those of whom nothing was
refused. Where there is something of a reader's own (a Snapshot, which has its link, a status with its
refusals, an ask, the end of its session) the round takes its seat away, and its own task takes by cursor
again.

A socket that takes not all of a chunk: the seat is lost, and its task writes the rest, which is at most one
take; the rounds pass over it meanwhile and nothing is queued for it. Then it takes what is current by its
cursor, as a newcomer would, and sits down again. So a reader who does not read holds nobody up.

No await stands between a task's last take(), which says that all is read, and its sitting down; nor between
the look at a seat and the write to it. So nothing is missed and nothing comes twice. After HOLD_SECONDS of
writing others have a turn; what a step was made of may be old by then, but not wrong: the session is noted
again by whatever came, and the next round goes on from the marks as they are.
"""

from __future__ import annotations

import trio

from mapsrv.asgi.peer import chunk
from mapsrv.change import Change
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.seats import Mark, Seat
from mapsrv.hub.subscribers import Step, advance
from mapsrv.metrics.maps import DELIVERIES, EVENT_LAG

HOLD_SECONDS = 0.004  # of writing, until others have a turn
LOOKS = 32  # seats between two looks at the clock


class Round:
    """One round's shared steps, by the identity of the mark that they begin at."""

    def __init__(self, live: LiveSession) -> None:
        self._live, self._asked = live, live.asks.frames
        self._steps: dict[int, tuple[Mark, Step | None, bytes]] = {}  # the mark too, so that it lives on
        self.more = False
        self.delivered = 0  # events

    def give(self, seat: Seat) -> None:
        """Write what is new to a seat, or take it away where that is the reader's own."""
        if self._live.rejections.held and self._live.rejections.of(seat.author):
            return seat.give_up()
        if self._asked and seat.tab in self._asked:
            return seat.give_up()
        found = self._steps.get(id(seat.mark))
        if found is None:
            found = self._steps[id(seat.mark)] = seat.mark, *self._step(seat.mark)
        _begun, step, chunked = found
        if step is None:
            return seat.give_up()
        seat.mark = step.mark
        self.more |= step.more
        if step.data:
            self.delivered += step.events
            seat.write(step.data, chunked)

    def _step(self, mark: Mark) -> tuple[Step | None, bytes]:
        step = advance(self._live, mark)
        if step is None:
            return None, b""
        return step._replace(mark=self._live.seats.interned(step.mark)), chunk(step.data)


class Broadcast:
    """The rounds of a process."""

    def __init__(self) -> None:
        self._due: dict[LiveSession, float] = {}  # and since when
        self._noted = Change()

    def note(self, live: LiveSession) -> None:
        """Have a round be made for a session."""
        if live not in self._due:
            self._due[live] = trio.current_time()
            self._noted.tell()

    async def run(self) -> None:
        """Make rounds for ever."""
        while True:
            await self._noted.until(lambda: self._due)
            due, self._due = self._due, {}
            for live, noted in due.items():
                if await self._round(live):
                    EVENT_LAG.observe(trio.current_time() - noted)

    async def _round(self, live: LiveSession) -> int:
        """Write what is new to all who sit; return how many events went out."""
        await trio.lowlevel.checkpoint()
        now, since = Round(live), trio.current_time()
        for number, seat in enumerate(live.seats.all()):
            if seat not in live.seats:
                continue  # it left while others had their turn
            if live.gone is not None:
                seat.give_up()
            else:
                now.give(seat)
            if number % LOOKS == LOOKS - 1 and trio.current_time() - since > HOLD_SECONDS:
                await trio.lowlevel.checkpoint()
                since = trio.current_time()
        DELIVERIES.inc(now.delivered)
        if now.more:
            self.note(live)
        return now.delivered
