"""The models that called on one map lately, and their calls: latest values, bounded, never stored.

Noting a call is on the way of every tool call, so it only sets fields: what is told of it is cleaned and
encoded when a tick is due. A model is told of for MODEL_SECONDS after its last call, a call for CALL_SECONDS
after its end: what came of it is in the map, or was told by then.

Other processes tell of models that called there. When they called is told as seconds ago, so a model stays
known here though that process lets the map go or dies; what it has running is forgotten with it.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count

from mapsrv.core.log import Position
from mapsrv.core.state import Json
from mapsrv.hub.presence.other_pods import MAX_PODS, OTHERS_SECONDS
from mapsrv.wire import models as wire
from mapsrv.wire.models import DONE, REFUSED, RUNNING, Seen

MODEL_SECONDS = 300.0  # without a call a model is not here any more
CALL_SECONDS = 10.0  # an ended call is told for: some ticks, and the seconds that a page shows it
MAX_KNOWN = 50  # models remembered; the one that called longest ago goes first
MAX_KEPT = 2 * wire.MAX_CALLS  # calls remembered, those that run among them
MAX_RAW = 800  # characters of a text that are kept until it is cleaned

_PROCESS = secrets.token_hex(3)  # so that no two processes have a call of one id
_numbers = count(1)


@dataclass(slots=True, eq=False)
class Call:
    """One call of a tool. `told` is what others are told of it, made once per change."""

    model: Model
    tool: str
    reads: bool
    layer_id: str | None = None
    title: str | None = None
    state: str = RUNNING
    reason: str | None = None
    position: Position | None = None  # behind the event that it made
    near: str | None = None  # by what place it has everybody look
    ended: float = 0.0
    number: int = 0
    told: dict[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """Return what others are told."""
        if self.told is None:
            about = {"layer_id": self.layer_id, "title": self.title, "reason": self.reason, "near": self.near}
            self.told = wire.call(
                f"{_PROCESS}-{self.number}",
                self.model.id,
                self.model.name,
                self.tool,
                self.state,
                self.reads,
                about | {"position": None if self.position is None else str(self.position)},
            )
        return self.told


@dataclass(slots=True, eq=False)
class Model:
    """One model. `here`: it called at this process. Times are monotonic seconds."""

    id: str
    name: str
    since: float
    last: float
    here: bool = False
    changing: int = 0  # calls here that run and do more than read


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What another process has of calls: those it tells of, and whose change the map now."""

    calls: tuple[dict[str, Json], ...]
    drawing: frozenset[str]
    at: float  # when it told


class Models:
    """The models of one session. `changed` is called once there is news for a tick."""

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._clock, self._changed = clock, changed
        self._models: dict[str, Model] = {}  # the one that called longest ago first
        self._calls: deque[Call] = deque(maxlen=MAX_KEPT)
        self._elsewhere: dict[str, _Elsewhere] = {}

    def __bool__(self) -> bool:
        """Return whether anything is known that will be forgotten."""
        return bool(self._models)

    @property
    def here(self) -> bool:
        """Whether any called at this process."""
        return any(model.here for model in self._models.values())

    # --- what is called here ---------------------------------------------------------------

    def begin(self, id: str, name: str, tool: str, *, reads: bool) -> Call:
        """Note that a model calls a tool on this map."""
        model = self._called(id, name, self._clock())
        model.here = True
        model.changing += not reads
        call = Call(model, tool, reads, number=next(_numbers))
        self._calls.append(call)
        self._changed()
        return call

    def done(self, call: Call) -> None:
        """Note that a call was answered."""
        self._end(call, DONE)

    def refused(self, call: Call, reason: str) -> None:
        """Note that a call was refused, and why."""
        call.reason = reason[:MAX_RAW]
        self._end(call, REFUSED)

    def dropped(self, call: Call) -> None:
        """Note that nobody waits for a call any more: nothing is known of how it ended."""
        self._end(call, DONE)
        if call in self._calls:
            self._calls.remove(call)

    def _end(self, call: Call, state: str) -> None:
        call.state, call.told = state, None
        call.ended = call.model.last = self._clock()
        call.model.changing -= not call.reads
        self._changed()

    def _called(self, id: str, name: str, at: float) -> Model:
        """Return the model, as the one that called last."""
        model = self._models.pop(id, None) or Model(id, name, at, at)
        model.last = max(model.last, at)
        self._models[id] = model
        if len(self._models) > MAX_KNOWN:
            del self._models[next(iter(self._models))]
        return model

    # --- what is called elsewhere ------------------------------------------------------------

    def elsewhere(self, pod: str, models: Json, calls: Json) -> None:
        """Note what another process tells of its models, as told_to_others() has it."""
        seen, now = wire.read_models(models), self._clock()
        for one in seen:
            known = self._called(one.id, one.name, now - one.last)
            known.since = min(known.since, now - one.since)
        self._elsewhere.pop(pod, None)
        if not seen:
            return
        running = frozenset(one.id for one in seen if one.drawing)
        self._elsewhere[pod] = _Elsewhere(tuple(wire.read_calls(calls)), running, now)
        if len(self._elsewhere) > MAX_PODS:
            del self._elsewhere[next(iter(self._elsewhere))]

    def forget_others(self) -> bool:
        """Forget what runs at processes that have said nothing for a while; return whether that is news."""
        silent = [pod for pod, other in self._elsewhere.items() if other.at < self._clock() - OTHERS_SECONDS]
        for pod in silent:
            del self._elsewhere[pod]
        return bool(silent)

    # --- what is told --------------------------------------------------------------------------

    def expire(self) -> bool:
        """Forget what is old; return whether that is news."""
        now = self._clock()
        old = [one for one in self._models.values() if one.last <= now - MODEL_SECONDS and not one.changing]
        for model in old:
            del self._models[model.id]
        ended = [one for one in self._calls if one.state != RUNNING and one.ended <= now - CALL_SECONDS]
        for call in ended:
            self._calls.remove(call)
        return bool(old or ended)

    def told(self) -> dict[str, Json]:
        """Return `models` and `calls` of a presence frame."""
        self.expire()
        if not (self._models or self._calls or self._elsewhere):  # as on most maps
            return {"models": [], "calls": []}
        drawing = {id for other in self._elsewhere.values() for id in other.drawing}
        seen = [self._seen(one, one.id in drawing) for one in self._models.values()]
        here = (call.to_json() for call in reversed(self._calls))
        there = chain.from_iterable(other.calls for other in self._elsewhere.values())
        return wire.told(seen, chain(here, there))

    def told_to_others(self) -> dict[str, Json]:
        """Return what this process tells the others of its own; nothing where it has none."""
        here = [self._seen(one).to_json() for one in self._models.values() if one.here]
        if not here:
            return {}
        calls = [call.to_json() for call in reversed(self._calls)]
        return {"models": here[-wire.MAX_MODELS :], "calls": calls[: wire.MAX_CALLS]}

    def _seen(self, model: Model, drawing_elsewhere: bool = False) -> Seen:
        now = self._clock()
        drawing = model.changing > 0 or drawing_elsewhere
        return Seen(model.id, model.name, drawing, now - model.since, now - model.last)
