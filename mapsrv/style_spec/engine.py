"""The engine: a few children that judge styles. What a caller asks can cost it and nobody else its answer.

A child that is over its limit is killed, and the call that did it is told so (OverLimit). A child that ends
otherwise (killed from outside, the machine out of memory) is started again and asked once more; then, and
where nobody has a place within PLACE_SECONDS, the engine is Away: the style goes unchecked, and is drawn.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trio

from mapsrv.core.state import Json
from mapsrv.style_spec.child import COMMAND, END_SECONDS, LIMIT_SECONDS, Child, Ended, OverTime, Silent
from mapsrv.wire import codec

CHILDREN = 2  # one that computes up to its limit leaves one to the others
PLACE_SECONDS = 1.0  # that a call waits for one of them
KEPT = 2  # samples of data that a child keeps, 20 MiB each at most: of the layers that are worked on
BUNDLE = Path(__file__).parent / "built" / "style_spec.js"

log = logging.getLogger("mapsrv.style_spec")


class Away(Exception):
    """No verdict can be had now."""


class OverLimit(Exception):
    """What was asked computes too long, needs too much memory, or nests too deep: `limit` says which."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        """Return what is too much, as a sentence's end."""
        return OVER[self.limit]


OVER: Mapping[str, str] = {
    "time": f"takes over {LIMIT_SECONDS:g} s to compute",
    "memory": "needs over 256 MiB of memory to compute",
    "depth": "nests too deep to compute",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Features of a layer's data to try values on: rows as JSON text, [type, id, properties, box] each.

    `name` is of this very data. `of` is how many features the data has.
    """

    name: str
    rows: bytes
    count: int
    of: int


class Engine:
    """Made by open_engine()."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._places = trio.CapacityLimiter(CHILDREN)
        self._idle: list[Child] = []

    @property
    def pids(self) -> tuple[int, ...]:
        """The children that rest."""
        return tuple(child.pid for child in self._idle)

    async def ask(
        self,
        request: Mapping[str, Json],
        sample: Sample | None = None,
        about: Mapping[str, Json] | None = None,
    ) -> dict[str, Json]:
        """Return the answer of the bundle (static/style_spec/main.ts). Raises OverLimit, Away.

        `about` is what else is told of the sample's layer: promoteId, cluster.
        """
        with trio.move_on_after(PLACE_SECONDS) as waiting:
            await self._places.acquire()
        if waiting.cancelled_caught:
            raise Away
        try:
            with suppress(Ended, OSError):
                child = self._idle.pop() if self._idle else await Child.start(self._command)
                return await self._ask(child, request, sample, about or {})
            with suppress(Ended, OSError):  # that one may have been ended while it rested: so may they all
                return await self._ask(await Child.start(self._command), request, sample, about or {})
            raise Away
        finally:
            self._places.release()

    async def _ask(
        self, child: Child, request: Mapping[str, Json], sample: Sample | None, about: Mapping[str, Json]
    ) -> dict[str, Json]:
        well = False
        try:
            answer = codec.loads(await child.ask(_written(child, request, sample, about)))
            over = answer.get("over")
            if over in OVER:
                raise OverLimit(over)
            if over is not None:
                raise Ended
            well = True
            return answer  # type: ignore[no-any-return]
        except OverTime:
            raise OverLimit("time") from None
        except Silent:
            raise Away from None
        except ValueError:  # no JSON
            raise Ended from None
        finally:
            if well:
                self._idle.append(child)
            else:
                with trio.move_on_after(END_SECONDS, shield=True):
                    await child.end()

    async def warm(self) -> None:
        """Start a child ahead, so that the first call need not wait for it; say so where none starts."""
        try:
            await self.ask({})
        except (Away, OverLimit):
            log.warning("style=unchecked", extra={"missing": "a process that runs it"})

    async def close(self) -> None:
        """End the children that rest."""
        while self._idle:
            await self._idle.pop().end()


def _written(
    child: Child, request: Mapping[str, Json], sample: Sample | None, about: Mapping[str, Json]
) -> bytes:
    """Return the request as one line; the sample's rows are in it unless the child keeps them."""
    whole: dict[str, Json] = {"judge": [], "try": [], "count": None, **request}
    if sample is None:
        return codec.dumps({**whole, "data": None})
    name = f"{sample.name} {about.get('promoteId')}"  # it keeps features with their ids
    known = child.known.pop(name, False)
    child.known[name] = True
    while len(child.known) > KEPT:
        del child.known[next(iter(child.known))]
    data = codec.dumps({"name": name, "keep": KEPT, **about})
    rows = b"" if known else b',"rows":' + sample.rows
    return codec.dumps(whole)[:-1] + b',"data":' + data[:-1] + rows + b"}}"


def missing() -> str:
    """Return what the engine lacks here, "" for nothing."""
    if importlib.util.find_spec("quickjs") is None:
        return "quickjs-ng"
    return "" if BUNDLE.is_file() else BUNDLE.name


@asynccontextmanager
async def open_engine(command: Sequence[str] = COMMAND) -> AsyncIterator[Engine | None]:
    """Give an Engine; None where a part of it is missing, which is said once."""
    if lacks := missing():
        log.warning("style=unchecked", extra={"missing": lacks})  # styles are drawn as they come
        yield None
        return
    engine = Engine(command)
    try:
        yield engine
    finally:
        with trio.move_on_after(END_SECONDS, shield=True):
            await engine.close()
