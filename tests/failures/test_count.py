"""The counting itself: it must see what is lost and what is done twice, or the table shows nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.failures.count import Result, count_commands
from tests.failures.faults import FAULTS
from tests.failures.history import done_by
from tests.failures.proxy import Proxy, Route
from tests.failures.record import Ack, Record, key_of
from tests.failures.table import markdown
from tests.failures.viewers import Viewer, follows
from tests.kit.sse import Message


def counted(
    visible: bool | None, *, hides: bool, durability: str = "redis", events: int = 1, **more
) -> Result:
    """Count one acknowledged command on a layer that ended as `visible` says."""
    result, record = Result("stall", 1, 2), more.pop("record", Record())
    record.acks.append(Ack("s", "w0-1", hides, 0, 10.0, 11.0, 1, durability, "e.1.c"))
    final = {"s": {} if visible is None else {"w0-1": visible}}
    count_commands(result, record, final, Counter({key_of("w0-1", hides): events}), **more)
    return result


@pytest.mark.parametrize(("visible", "hides"), [(True, False), (False, False), (False, True)])
def test_what_is_there_once_is_neither_lost_nor_doubled(visible: bool, hides: bool) -> None:
    result = counted(visible, hides=hides)
    assert (result.acknowledged, result.lost, result.doubled) == (1, 0, 0)


@pytest.mark.parametrize("hides", [False, True])
def test_a_layer_that_is_missing_is_lost(hides: bool) -> None:
    assert counted(None, hides=hides, events=0).lost == 1


def test_a_layer_that_was_never_hidden_is_lost_and_one_that_was_is_doubled() -> None:
    assert counted(True, hides=True, events=0).lost == 1
    assert counted(True, hides=True, events=1).doubled == 1, "its other time is on a history that is gone"
    assert counted(True, hides=True, events=2).doubled == 1
    assert (
        counted(True, hides=False, events=2).doubled == 1
    ), "to put a layer twice leaves no trace but the log"


def test_what_only_a_pod_had_is_counted_apart_and_told_from_what_was_given_back() -> None:
    lost = counted(None, hides=False, durability="memory", events=0)
    assert (lost.in_memory, lost.lost, lost.lost_in_memory, lost.given_back) == (1, 0, 1, 0)
    record = Record(given_back={key_of("w0-1", False)})
    told = counted(None, hides=False, durability="memory", events=0, record=record)
    assert (told.lost_in_memory, told.given_back) == (0, 1)


def test_only_what_no_pod_lived_to_remember_may_be_lost() -> None:
    assert counted(None, hides=False, events=0, forgotten=(10.5, 12.0)).forgotten == 1
    assert counted(None, hides=False, events=0, forgotten=(11.5, 12.0)).lost == 1


def viewer(record: Record) -> Viewer:
    return Viewer("s", "a tab", "", Route(Proxy([1]), 0), record)


def put(position: str, title: str = "x") -> Message:
    layer = f'{{"id":"w0-1","visible":true,"title":"{title}"}}'
    return Message("event", f'{{"ops":[{{"op":"put_layer","layer":{layer}}}]}}'.encode(), position, None)


def snapshot(position: str) -> Message:
    data = f'{{"position":"{position}","state":{{"layers":[]}}}}'
    return Message("snapshot", data.encode(), position, None)


def test_a_viewer_notes_a_gap_and_two_things_at_one_position() -> None:
    record = Record()
    one, other = viewer(record), viewer(record)
    for each in (one, other):
        each.take(snapshot("e.0.a"))
    one.take(put("e.1.b"))
    other.take(put("e.1.b"))
    assert not record.wrong and one.shown == {"w0-1": True}
    one.take(put("e.3.d"))
    assert "was at e.1.b and was sent e.3.d" in record.wrong[-1]
    other.take(snapshot("e.0.a"))
    other.take(put("e.1.b", "y"))
    assert "two events at e.1.b" in record.wrong[-1]
    assert not follows(["e", "1", "b"], ["f", "2", "c"])


def test_ops_are_the_keys_of_their_commands() -> None:
    ops = [
        {"op": "put_layer", "layer": {"id": "a"}},
        {"op": "set_layer", "id": "a", "visible": False},
        {"op": "set_layer", "id": "a", "title": "t"},
    ]
    assert done_by(ops) == ["a-add", "a-hide"]


def test_the_table_has_a_row_for_each_fault_and_says_what_is_good() -> None:
    results = [Result(name, 1, 2, converged=1.0) for name in FAULTS]
    text = markdown(results)
    assert all(fault.title in text for fault in FAULTS.values())
    assert all(result.good for result in results)
    assert not Result("stall", 1, 2, converged=1.0, lost=1).good and not Result("stall", 1, 2).good
