"""POSTs that landed on another pod than their stream's: mailed there, taken in once, and answered.

Theory of operation. Mail is lost, late, out of order, or comes twice. The pod that was asked (send) numbers
a message and mails it to the one that has the session; that one takes it in as if it had come to it, and
mails the outcome back; only then the client is told 202, and sends its next message: so those of one client
keep their order.

- Nobody heard it: the owner is being started or has just ended. The same letter goes out again, three times
  within two seconds; then the session is as gone as its pod, and 404 has the client begin anew.
- Somebody heard it, and nothing comes back: the client is told 503, and that it may have been taken. To mail
  it once more would gain nothing that a client's own retry has not.
- The owner keeps the newest numbers with their outcomes (hear): a letter that comes again is answered again
  and not taken in again. take() never waits, so a letter is either wholly before or wholly after its twin.
- The store is away: so is the mail. 503 at once; at the owner nothing changes.

No error of a letter leaves hear(): it is called by the task that keeps the maps in step.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from itertools import count

import trio

from mapsrv.errors import MapsrvError, NotFound, StoreUnavailable, TooMany
from mapsrv.store.shared import Mail
from mapsrv.transports import letters
from mapsrv.transports.letters import Outcome, Request
from mapsrv.transports.sse_session import GONE

PAUSES = (0.2, 0.5, 1.0)  # seconds, before a letter that nobody heard goes out again
ANSWER_SECONDS = 2.0  # for the outcome, once it was heard
MAX_LETTERS, MAX_BYTES = 1_000, 4 * 1024 * 1024  # of this pod's that are under way
MAX_OF_SESSION = 64
MAX_KEPT = 1_000  # outcomes that an owner keeps, the newest
MAX_ANSWERS = 1_000  # outcomes that wait to be mailed; what is over is not, and its sender says 503

log = logging.getLogger("mapsrv.mcp")


class _Awaited:
    """One of our letters."""

    def __init__(self) -> None:
        self.answered = trio.Event()
        self.outcome: Outcome | None = None


class Relay:
    """`take` takes in a message (bytes) of a session (its id), and raises MapsrvError where it does not."""

    def __init__(self, mail: Mail, take: Callable[[str, bytes], None], nursery: trio.Nursery) -> None:
        self._mail, self._take, self._nursery = mail, take, nursery
        self._numbers = count(1)
        self._awaited: dict[int, _Awaited] = {}
        self._bytes = 0
        self._of_session: Counter[str] = Counter()
        self._known: OrderedDict[tuple[str, int], Outcome] = OrderedDict()
        self._answering = 0

    @property
    def pod(self) -> str:
        """The name of this process, for the addresses of its streams."""
        return self._mail.pod

    @property
    def under_way(self) -> int:
        """How many letters of ours have no outcome yet."""
        return len(self._awaited)

    # --- the pod that was asked --------------------------------------------------------

    async def send(self, pod: str, session: str, body: bytes) -> None:
        """Have a message taken in by the pod that has its session. Raises MapsrvError where it was not."""
        if (
            len(self._awaited) >= MAX_LETTERS
            or self._bytes + len(body) > MAX_BYTES
            or self._of_session[session] >= MAX_OF_SESSION
        ):
            raise TooMany("Too many messages are on their way to other servers. Try again.", retry_after=1)
        number, awaited = next(self._numbers), _Awaited()
        letter = letters.to_bytes(Request(self.pod, number, session, body.decode("utf-8", "replace")))
        self._awaited[number] = awaited
        self._bytes += len(body)
        self._of_session[session] += 1
        try:
            await self._mail_until_heard(pod, letter)
            with trio.move_on_after(ANSWER_SECONDS):
                await awaited.answered.wait()
        finally:
            del self._awaited[number]
            self._bytes -= len(body)
            self._of_session[session] -= 1
            self._of_session += Counter()  # without those that have none
        if awaited.outcome is None:
            raise StoreUnavailable(
                "The server that has this stream did not answer in time: it may have taken the message, or"
                " not. Look before you send it again.",
                retry_after=1,
            )
        if awaited.outcome.error is not None:
            raise awaited.outcome.error

    async def _mail_until_heard(self, pod: str, letter: bytes) -> None:
        for pause in (*PAUSES, None):
            if await self._mail.post(pod, letter):
                return
            if pause is not None:
                await trio.sleep(pause)
        raise NotFound(GONE)

    # --- the pod that has the session ----------------------------------------------------

    def hear(self, data: bytes) -> None:
        """Do what a letter asks for. Raises nothing, whatever it is."""
        try:
            self._hear(letters.from_bytes(data))
        except ValueError:
            log.warning("A letter of another server was passed over: it is damaged, or of a newer release")
        except Exception:
            log.exception("A letter of another server failed")

    def _hear(self, letter: letters.Letter) -> None:
        if isinstance(letter, Outcome):
            awaited = self._awaited.get(letter.number)
            if awaited is not None:
                awaited.outcome = letter
                awaited.answered.set()
            return
        name = letter.sender, letter.number
        outcome = self._known.get(name)
        if outcome is None:
            outcome = self._known[name] = self._taken(letter)
            if len(self._known) > MAX_KEPT:
                self._known.popitem(last=False)
        if self._answering < MAX_ANSWERS:
            self._answering += 1
            self._nursery.start_soon(self._answer, letter.sender, outcome)

    def _taken(self, letter: Request) -> Outcome:
        try:
            self._take(letter.session, letter.body.encode("utf-8", "replace"))
        except MapsrvError as error:
            return Outcome(letter.number, error)
        except Exception:
            log.exception("A message of another server failed")
            return Outcome(letter.number, StoreUnavailable("The server failed at this message."))
        return Outcome(letter.number)

    async def _answer(self, pod: str, outcome: Outcome) -> None:
        try:
            await self._mail.post(pod, letters.to_bytes(outcome))
        except StoreUnavailable:
            pass  # whoever asked says that it is not known
        finally:
            self._answering -= 1
