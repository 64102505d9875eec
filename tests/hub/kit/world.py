"""Some pods on one model store, their viewers and authors, and a ledger of what was acknowledged."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import trio

from mapsrv.core.commands import Command, SetTitle
from mapsrv.core.log import Origin
from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.errors import MapsrvError, UnknownSession
from mapsrv.hub.clock import Clock
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.replicas.many import ManyProcesses
from mapsrv.hub.replicas.read_index import SECONDS
from mapsrv.store.memory import MemoryStore
from mapsrv.store.shared import Missed
from mapsrv.wire.codec import state_bytes
from tests.hub.kit.line import Line
from tests.hub.kit.shared import LOSS_SECONDS, SharedMemory
from tests.hub.kit.viewers import Viewer

ANSWER_SECONDS = 30.0  # a command is answered within, whatever happens
NOTICE_SECONDS = 17.0  # until each pod that holds a map has seen that the store lost it: CHECK_SECONDS
TRIES = 8

T = TypeVar("T")


def many(hub: Hub) -> ManyProcesses:
    """Return the replicas of a hub whose store is shared."""
    assert isinstance(hub.replicas, ManyProcesses)
    return hub.replicas


class Gone(Exception):
    """The pod was killed while it was asked."""


@dataclass(eq=False)
class Pod:
    hub: Hub
    line: Line
    scope: trio.CancelScope
    number: int
    began: float
    alive: bool = True
    asked: set[trio.CancelScope] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  # keys that it has told, or would tell, as refused

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """Do something there; raises Gone when the pod ends first."""
        if not self.alive:
            raise Gone
        with trio.CancelScope() as scope:
            self.asked.add(scope)
            try:
                return await call()
            finally:
                self.asked.discard(scope)
        raise Gone

    def kill(self) -> None:
        """End it as SIGKILL does: nothing that it still would do reaches the store."""
        self.alive, self.line.cut = False, True
        for scope in self.asked:
            scope.cancel()
        self.scope.cancel()

    def knows(self, session_id: str, key: str) -> bool:
        live = self.hub.held().get(session_id)
        if live is None:
            return False
        return key in live.session.keys or (live.branch is not None and key in live.branch.trunk.keys)


@dataclass(eq=False)
class Told:
    """One key, and what its author was told of it."""

    session_id: str
    key: str  # scoped
    command: Command
    durability: set[str] = field(default_factory=set)
    pods: set[Pod] = field(default_factory=set)  # that acknowledged it
    answers: set[tuple[str, ...]] = field(default_factory=set)
    in_doubt: bool = False
    no_effect: bool = False
    refused: list[MapsrvError] = field(default_factory=list)


@dataclass(frozen=True)
class Loss:
    """What the store lost at one moment, and who had it then."""

    at: float
    keys: dict[str, frozenset[Pod]]  # scoped key (or the session's id, when all of it was lost)
    apart: frozenset[str]  # sessions whose pods had not yet come together after the loss before


class World:
    """`faults`: how often news goes wrong, from 0 to 1."""

    def __init__(self, nursery: trio.Nursery, rng: random.Random, faults: float) -> None:
        self.nursery, self.rng, self._faults = nursery, rng, faults
        self.memory = MemoryStore()
        self.shared = SharedMemory(self.memory, rng, lost_replies=False)
        self.pods: list[Pod] = []
        self.sessions: list[str] = []
        self.viewers: list[Viewer] = []
        self.streams: dict[Viewer, trio.CancelScope] = {}
        self.ledger: dict[str, Told] = {}
        self.losses: list[Loss] = []
        self.seen: dict[str, bytes] = {}
        self.writing = 0
        self.troubles = 0  # faults so far, of a line or of the store

    @property
    def living(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.alive]

    async def begin(self, pods: int, sessions: int, first: dict[str, Command]) -> None:
        for _ in range(pods):
            await self.start_pod()
        for _ in range(sessions):
            self.sessions.append(await self.pods[0].hub.create_session())
        for name, command in first.items():
            self.write(0, 0, "a", f"first {name}", command)
        self.view(0, 0, "a")
        await trio.sleep(1)
        self.shared.faults = self._faults

    async def start_pod(self) -> None:
        started = trio.Event()
        self.nursery.start_soon(self._run_pod, started)
        await started.wait()

    async def _run_pod(self, started: trio.Event) -> None:
        line = Line(self.shared)
        clock = Clock(lambda: 1e9 + trio.current_time())
        with trio.CancelScope() as scope:
            async with open_hub(line, max_data=1 << 20, session_idle=1e6, clock=clock, warm=False) as hub:
                self.pods.append(Pod(hub, line, scope, len(self.pods), trio.current_time()))
                started.set()
                await trio.sleep_forever()

    def pod(self, number: int) -> Pod | None:
        return self.living[number % len(self.living)] if self.living else None

    # --- authors -----------------------------------------------------------------

    def write(self, number: int, session: int, author: str, key: str, command: Command) -> None:
        """Have a command asked for, with one key, until it is answered for good or its author gives up."""
        told = self._asked(session, author, key, command)
        self.nursery.start_soon(self._write, number, told, Origin("person", author, author), key)

    def _asked(self, session: int, author: str, key: str, command: Command) -> Told:
        session_id = self.sessions[session % len(self.sessions)]
        scoped = f"{key} person:{author}"
        self.writing += 1
        return self.ledger.setdefault(f"{session_id} {scoped}", Told(session_id, scoped, command))

    def never_rest(self, number: int, session: int, author: str, numbers: range) -> None:
        """Have one command asked for after the other, each as soon as the last is answered."""
        self.nursery.start_soon(self._never_rest, number, session, author, numbers)

    async def _never_rest(self, number: int, session: int, author: str, numbers: range) -> None:
        for n in numbers:
            told = self._asked(session, author, f"k{n}", SetTitle(f"title {n}"))
            if not await self._write(number, told, Origin("person", author, author), f"k{n}"):
                return  # nobody goes on where nothing is answered

    def use_at_once(
        self, number: int, session: int, keys: tuple[str, str], made: Command, used: Command
    ) -> None:
        """Have something made at one pod, and used at the next one as soon as that is answered."""
        self.nursery.start_soon(self._use_at_once, number, session, keys, made, used)

    async def _use_at_once(
        self, number: int, session: int, keys: tuple[str, str], made: Command, used: Command
    ) -> None:
        origin = Origin("person", "a", "a")
        first, well = self._asked(session, "a", keys[0], made), self._is_well(session)
        faults = self.troubles
        if not await self._write(number, first, origin, keys[0]) or not first.durability:
            return
        second = self._asked(session, "a", keys[1], used)
        await self._write(number + 1, second, origin, keys[1])
        if well and self._is_well(session) and faults == self.troubles:
            assert not second.refused, f"made at one pod, and not there for the next: {second.refused}"
            assert not second.no_effect, "what a command changes is judged on the map as it is"

    def _is_well(self, session: int) -> bool:
        """Return whether nothing keeps any pod from asking the store."""
        held = [pod.hub.held().get(self.sessions[session % len(self.sessions)]) for pod in self.living]
        lines = all(self._is_sound(pod.line) and not pod.line.lost for pod in self.living)
        away = any(many(pod.hub).away for pod in self.living)
        return lines and not away and not any(live is not None and live.alone for live in held)

    def write_again(self, number: int, index: int) -> None:
        """Ask again for something, with its key, wherever and however it ended."""
        if told := list(self.ledger.values()):
            one = told[index % len(told)]
            key, author = one.key.split(" person:")
            self.write(number, self.sessions.index(one.session_id), author, key, one.command)

    async def _write(self, number: int, told: Told, origin: Origin, key: str) -> bool:
        """Return whether it was answered for good."""
        answered = False
        for attempt in range(TRIES):
            pod = self.pod(number + attempt * self.rng.randrange(2))
            if answered := pod is not None and await self._ask(pod, told, origin, key):
                break
            await trio.sleep(self.rng.random() * 2)
        self.writing -= 1
        return answered

    async def _ask(self, pod: Pod, told: Told, origin: Origin, key: str) -> bool:
        """Return whether that was the last word."""
        began = trio.current_time()
        try:
            receipt = await pod.ask(lambda: pod.hub.execute(told.session_id, told.command, origin, key))
        except Gone:
            told.in_doubt = True
            return False
        except MapsrvError as error:
            if isinstance(error, UnknownSession):
                self.check_unknown(pod, told.session_id)
                told.in_doubt = True
                return False
            told.in_doubt = told.in_doubt or error.temporary
            if not error.temporary:
                told.refused.append(error)
            return not error.temporary
        finally:
            assert trio.current_time() - began < ANSWER_SECONDS, "every command is answered in time"
        if NOTHING_CHANGED in receipt.warnings:
            told.no_effect = True
            return True
        assert pod.knows(told.session_id, told.key), "its author can read what was acknowledged"
        told.durability.add(receipt.durability)
        told.answers.add(receipt.changed)
        told.pods.add(pod)
        return True

    def check_unknown(self, asked: Pod, session_id: str) -> None:
        """A pod says that a map is unknown: so it must be, unless the pod cannot know of a loss yet."""
        holders = [pod for pod in self.living if session_id in pod.hub.held()]
        lost = [loss.at for loss in self.losses if session_id in loss.keys]
        if lost and trio.current_time() > lost[-1] + LOSS_SECONDS:
            # No longer is it kept in mind that a pod which is away all the time may have it.
            holders = [pod for pod in holders if self._is_sound(pod.line)]
        there = session_id in self.shared.sessions or bool(holders)
        last = self.losses[-1].at if self.losses else -NOTICE_SECONDS
        new = asked.began + 1 >= last and not self._is_noticed(last)
        assert new or not there, "a map that is somewhere is not unknown"

    def _is_noticed(self, loss: float) -> bool:
        """Return whether a pod that knew the store before has had a line to it for long enough since."""
        lines = [pod.line for pod in self.living if pod.began + 1 < loss]
        sound = [max(loss, line.mended) for line in lines if not (line.cut or line.hangs)]
        return any(trio.current_time() >= since + NOTICE_SECONDS for since in sound)

    def _is_sound(self, line: Line) -> bool:
        cut = line.cut or line.hangs
        return not cut and trio.current_time() >= line.mended + NOTICE_SECONDS

    # --- viewers -----------------------------------------------------------------

    def view(self, number: int, session: int, author: str) -> None:
        viewer = Viewer(self.sessions[session % len(self.sessions)], author, self.saw)
        self.viewers.append(viewer)
        self.resume(viewer, number)

    def resume(self, viewer: Viewer, number: int) -> None:
        """Leave the stream, and read on from any pod."""
        if viewer in self.streams:
            self.streams.pop(viewer).cancel()
        scope = self.streams[viewer] = trio.CancelScope()
        self.nursery.start_soon(self._watch, viewer, scope, number)

    async def _watch(self, viewer: Viewer, scope: trio.CancelScope, number: int) -> None:
        with scope:
            for attempt in range(10_000):
                pod = self.pod(number + attempt)
                try:
                    if pod is not None:
                        fell = partial(self.fell, pod)
                        await pod.ask(partial(viewer.watch, pod.hub, f"tab {id(viewer)}", fell))
                except Gone:
                    pass
                except UnknownSession:
                    assert pod is not None
                    self.check_unknown(pod, viewer.session_id)
                except MapsrvError as error:
                    assert error.temporary, error
                await trio.sleep(1)

    def saw(self, position: str, state: bytes) -> None:
        """One position is one state, whoever sees it, wherever."""
        assert self.seen.setdefault(position, state) == state, f"two different maps at {position}"
        node = self.shared.history.nodes.get(position)
        assert node is None or state_bytes(node.state) == state, f"not what was stored at {position}"

    def fell(self, pod: Pod, epoch: str, revision: int) -> None:
        """A viewer is shown less than it saw before: only where the store has lost it, or does not answer."""
        began = self.shared.history.began.get(epoch, math.inf)
        lost = any(loss.at >= began for loss in self.losses)
        store_health = many(pod.hub).store_health
        without = store_health.away or trio.current_time() < store_health.since + SECONDS
        assert lost or without, f"pod {pod.number} shows less than {revision}, which was seen before"

    # --- faults ------------------------------------------------------------------

    def leave(self, numbers: Collection[int], how: str) -> None:
        self.troubles += 1
        for pod in {self.pod(number) for number in numbers} - {None}:
            setattr(pod.line, how, True)

    def come_back(self, numbers: Collection[int]) -> None:
        for pod in {self.pod(number) for number in numbers} - {None}:
            pod.line.mend()

    def lose_a_commit(self, number: int, how: str) -> None:
        self.troubles += 1
        if pod := self.pod(number):
            pod.line.lost.append(how)

    def kill(self, number: int) -> None:
        if pod := self.pod(number):
            pod.kill()

    def lose(self, changes: int | None) -> None:
        """Have the store lose its newest changes, or everything; note what, and which pods have it."""
        self.troubles += 1
        before = self._stored_keys()
        apart = frozenset(name for name in self.sessions if self._is_apart(name))
        if changes is None:
            self.shared.lose_everything()
        else:
            self.shared.go_back(changes)
        after = self._stored_keys()
        lost = {name: where for name, where in before.items() if name not in after}
        who = {name: frozenset(self._holders(*where)) for name, where in lost.items()}
        self.losses.append(Loss(trio.current_time(), who, apart))
        self.nursery.start_soon(self._break_connections)

    async def _break_connections(self) -> None:
        """A store that is started anew has dropped all lines; a pod sees that when it connects again."""
        for feed in self.rng.sample(self.shared.feeds, len(self.shared.feeds)):
            await trio.sleep(self.rng.random())
            feed.deliver(Missed())

    def _is_apart(self, session_id: str) -> bool:
        lives = [pod.hub.held()[session_id] for pod in self.living if session_id in pod.hub.held()]
        trunks = [live.branch.trunk if live.branch else live.session for live in lives]
        stored = self.shared.sessions.get(session_id)
        return stored is None or any(trunk.head.epoch != stored.head.epoch for trunk in trunks)

    def _stored_keys(self) -> dict[str, tuple[str, str | None]]:
        found: dict[str, tuple[str, str | None]] = {}
        for session_id, session in self.shared.sessions.items():
            found[session_id] = session_id, None
            found.update({f"{session_id} {key}": (session_id, key) for key in session.keys})
        return found

    def _holders(self, session_id: str, key: str | None) -> list[Pod]:
        if key is None:
            return [pod for pod in self.living if session_id in pod.hub.held()]
        return [pod for pod in self.living if pod.knows(session_id, key)]

    def heal(self) -> None:
        """End all faults."""
        self.shared.faults = 0.0
        for pod in self.living:
            pod.line.mend()
            pod.line.lost.clear()
