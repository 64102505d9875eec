"""The judge of styles: asks the engine what it does not remember, refuses what is wrong, warns by the data.

What only the data can show is a warning, never a refusal. An engine that has no verdict refuses nothing
either: then the answer says that the style was not checked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import trio

from mapsrv.core.state import Json, MapLayer, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.prepare import style_words
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.samples import Samples
from mapsrv.prepare.style_items import CONSTANTS, Item, of_style_layer, reads_data
from mapsrv.style_spec import Away, Engine, OverLimit, Sample
from mapsrv.wire import codec
from mapsrv.wire.style import effective_layers

MAX_VERDICTS = 10_000  # remembered: a slider comes to the same values again and again
MAX_KEY = 300  # bytes of a value whose verdict is remembered: most constants, short expressions
MAX_JUDGED = 200  # layers of a map that was stored unjudged, in one look at it: some 0.1 s
NOT_TRIED = "The style is right, and could not be tried on the layer's data. Look at the map."
NOT_CHECKED = (
    "The style was not checked: MapLibre's validator gave no answer. Look at the map, or send it again."
)
_BESIDE = ("key", "only")  # no verdict depends on them
Faults = Sequence[Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to tell of a style that is not refused."""

    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)


class Verdicts:
    """The newest verdicts on short values, each by all that it depends on: not by where the value stands."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, Faults] = OrderedDict()

    def of(self, item: Item) -> Faults | None:
        """Return what is wrong with a value, nothing if it is right; None: not known."""
        key = _key(item)
        return None if key is None else self._held.get(key)

    def remember(self, items: Iterable[Item], verdicts: Iterable[Faults]) -> None:
        """Remember what the engine said of these."""
        for item, faults in zip(items, verdicts, strict=True):
            key = _key(item)
            if key is not None:
                self._held[key] = faults
                self._held.move_to_end(key)
        while len(self._held) > MAX_VERDICTS:
            self._held.popitem(last=False)


class StyleCheck:
    """That of one server; without an engine nothing is judged."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine
        self._samples = Samples()
        self._verdicts = Verdicts()
        self._wrong: WeakKeyDictionary[MapLayer, str] = WeakKeyDictionary()

    async def judge(
        self,
        items: Iterable[Item],
        source: Mapping[str, Json],
        documents: Documents,
        count: Mapping[str, Json] | None = None,
    ) -> Findings:
        """Return what is found; raises InvalidArgument. `count` is what filter_layer counts.

        The values are tried on the source's data, where that is kept here.
        """
        if self._engine is None:
            return Findings()
        items = list(items)
        try:
            judged = await self._judged(items, self._engine)
        except OverLimit as over:
            raise InvalidArgument(style_words.over(self._heavy(items), str(over))) from None
        except Away:
            return Findings((NOT_CHECKED,))
        faults = [(item["key"], fault) for item, found in judged for fault in found]
        if faults:
            raise InvalidArgument(style_words.refusal(faults))
        return await self._tried([item for item in items if reads_data(item)], source, documents, count)

    async def _judged(self, items: list[Item], engine: Engine) -> list[tuple[Item, Faults]]:
        """Return each value with what is wrong with it. Raises OverLimit, Away."""
        known = {place: self._verdicts.of(item) for place, item in enumerate(items)}
        fresh = [item for place, item in enumerate(items) if known[place] is None]
        verdicts = (await engine.ask({"judge": fresh}))["verdicts"] if fresh else []
        self._verdicts.remember(fresh, verdicts)
        told = iter(verdicts)
        return [
            (item, faults if (faults := known[place]) is not None else next(told))
            for place, item in enumerate(items)
        ]

    def _heavy(self, items: list[Item]) -> list[Item]:
        """Return those of the values that may have taken the engine over its limit."""
        return [item for item in items if reads_data(item) and self._verdicts.of(item) is None] or items

    async def _tried(
        self,
        items: list[Item],
        source: Mapping[str, Json],
        documents: Documents,
        count: Mapping[str, Json] | None,
    ) -> Findings:
        """Return what the data shows of right values; raises InvalidArgument for ids that are none."""
        sample = await self._samples.of(source, documents) if items or count else None
        if sample is None or self._engine is None:
            return Findings()
        about = {"promoteId": _promoted(source), "cluster": source.get("cluster") is True}
        try:
            answer = await self._engine.ask({"try": items, "count": count}, sample, about)
        except (OverLimit, Away):
            return Findings((NOT_TRIED,))
        return _found(items, answer, sample)

    async def problems(self, state: MapState) -> list[tuple[str, str]]:
        """Return (layer id, what is wrong) of a map's layers: of those that came before anything was judged.

        At most MAX_JUDGED layers are judged in a call; the others in the next.
        """
        if self._engine is None:
            return []
        for layer in [layer for layer in state if layer not in self._wrong][:MAX_JUDGED]:
            wrong = await self._wrong_with(layer, self._engine)
            if wrong is None:
                break  # another time
            self._wrong[layer] = wrong
        return [(layer.id, text) for layer in state if (text := self._wrong.get(layer))]

    async def _wrong_with(self, layer: MapLayer, engine: Engine) -> str | None:
        await trio.lowlevel.checkpoint()  # a map has thousands
        items = [
            item
            for drawn in effective_layers(layer)
            for item in of_style_layer(layer.source, drawn, drawn["id"])
        ]
        try:
            judged = await self._judged(items, engine)
        except OverLimit as over:
            return style_words.over(self._heavy(items), str(over))
        except Away:
            return None
        return style_words.refusal((item["key"], fault) for item, faults in judged for fault in faults)


def _key(item: Item) -> Hashable:
    """Return all that the verdict depends on; None: too long to be remembered."""
    value = item["value"]
    if item["of"] == "property" and type(value) in CONSTANTS:  # 1, 1.0 and True are equal
        return (item["type"], item["name"], type(value), value) if len(str(value)) <= MAX_KEY else None
    key = codec.dumps({name: value for name, value in item.items() if name not in _BESIDE})
    return key if len(key) <= MAX_KEY else None


def _found(items: Sequence[Item], answer: Mapping[str, Json], sample: Sample) -> Findings:
    """Return the warnings and facts of an answer; raises InvalidArgument for ids that are none."""
    sampled = style_words.sampled(answer["looked"], sample.of)
    told = [(item["key"], note) for item, notes in zip(items, answer["notes"], strict=True) for note in notes]
    for key, note in told:
        if note["note"] == "id":
            raise InvalidArgument(style_words.no_ids(key, note))
    matched, holds = answer["matched"], answer["holds"]
    if holds is not None:  # nothing matches, which says more than what each value reads
        told = []
    warnings = [style_words.note(key, note, sampled) for key, note in told[: style_words.MAX_WARNINGS]]
    if holds is not None:
        warnings.append(style_words.nothing_matched(matched, holds, sample.of))
    if matched is None:
        return Findings(tuple(warnings))
    part = {"sampled_from": sample.of} if matched["of"] < sample.of else {}
    return Findings(tuple(warnings), {"matched": {**matched, **part}})


def _promoted(source: Mapping[str, Json]) -> str | None:
    promoted = source.get("promoteId")
    return promoted if isinstance(promoted, str) else None


UNCHECKED = StyleCheck()
