"""What became of a run: lost, done twice, silent for how long, well again when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.failures.load import Load
from tests.failures.record import Ack, Record, key_of
from tests.failures.viewers import Viewer, is_well

EXAMPLES = 3  # of what was lost, in the story
SHARED = ("redis", "replicated")  # durabilities that promise something


@dataclass(slots=True)
class Result:
    """One run in numbers. Times are seconds."""

    fault: str
    seed: int
    pods: int
    acknowledged: int = 0  # as redis
    in_memory: int = 0  # acknowledged as memory
    refused: int = 0  # for good
    lost: int = 0  # of those that were acknowledged as redis: never
    forgotten: int = 0  # of those too, but no pod lived that had applied them
    lost_in_memory: int = 0  # of those that were acknowledged as memory, without a word
    given_back: int = 0  # of those too, and their authors were told
    doubled: int = 0
    silence: float = 0.0  # the longest of any viewer, between two changes of what it shows
    wait: float = 0.0  # the longest of any writer, until a command was acknowledged
    converged: float | None = None  # after the fault had ended
    slowest: float = 0.0  # answer of /health or /ready, where they were asked all the time
    grown: float = 0.0  # MiB by which a pod had grown at most, where that was looked at
    snapshots: int = 0
    failures: dict[str, int] = field(default_factory=dict)  # tries that were sent again
    wrong: list[str] = field(default_factory=list)  # laws that were broken
    story: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)  # of the pods, where something was wrong

    @property
    def good(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.lost or self.doubled or self.wrong or self.converged is None)


def well_again(load: Load, ended: float) -> float | None:
    """Return when the last client had noticed that all is well, or None while one has not.

    A writer notices by its first command that is acknowledged as redis and followed by no trouble; a
    viewer when it shows a change that was asked for after the fault, and its status says so too.
    """
    acks = [ack for ack in list(load.record.acks) if ack.sent >= ended]
    shared = [ack for ack in acks if ack.durability in SHARED]
    bad = [ack.answered for ack in acks if ack.durability not in SHARED]
    bad += [at for at in list(load.record.trouble) if at >= ended]
    moments = [ended, *bad]
    for writer in load.writers:
        own = [
            ack.answered for ack in shared if ack.writer == writer.number and ack.sent >= max(bad, default=0)
        ]
        if not own:
            return None
        moments.append(min(own))
    for viewer in load.viewers:
        seen = [viewer.first_seen.get(ack.layer) for ack in shared if ack.session == viewer.session]
        times = [at for at in seen if at is not None]
        if not times or not is_well(viewer.status):
            return None
        moments += [min(times), viewer.well_since or 0.0]
    return max(moments)


def silence(viewer: Viewer, begun: float, until: float) -> float:
    """Return the longest time from the fault's begin on in which nothing that the viewer shows changed."""
    times = [at for at in viewer.changed_at if at <= until] + [until]
    return max((late - early for early, late in zip(times, times[1:]) if late > begun), default=0.0)


def count_commands(
    result: Result,
    record: Record,
    final: Mapping[str, Mapping[str, bool]],
    done: Counter[str],
    forgotten: tuple[float, float] | None = None,
) -> None:
    """Say of each acknowledged command whether it is in the final states, and once.

    `final` is whether each layer of each session is visible; `forgotten` as in Scene.
    """
    for ack in record.acks:
        shared, key = ack.durability in SHARED, key_of(ack.layer, ack.hides)
        result.acknowledged += shared
        result.in_memory += not shared
        visible = final[ack.session].get(ack.layer)
        there = visible is False if ack.hides else visible is not None
        # A layer that is back in view was hidden twice, unless nothing says that it was hidden at all.
        if done[key] > 1 or (not there and visible is not None and done[key]):
            result.doubled += 1
        elif not there:
            _count_lost(result, record, ack, forgotten)
    result.refused = len(record.refusals)


def _count_lost(result: Result, record: Record, ack: Ack, forgotten: tuple[float, float] | None) -> None:
    if ack.durability not in SHARED:
        told = any(key_of(ack.layer, ack.hides) in key for key in record.given_back)
        result.given_back += told
        result.lost_in_memory += not told
    elif forgotten is not None and forgotten[0] <= ack.answered <= forgotten[1]:
        result.forgotten += 1
    else:
        result.lost += 1
        if result.lost <= EXAMPLES:
            result.story.append(f"lost: {ack}")
