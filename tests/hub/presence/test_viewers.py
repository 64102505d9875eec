"""Who is told to be there, whatever tabs, strangers and other processes say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.log import ANONYMOUS
from mapsrv.errors import InvalidArgument
from mapsrv.hub.presence import tabs
from mapsrv.hub.presence.tabs import AWAY_SECONDS, MAX_TABS
from mapsrv.hub.presence.viewers import Presence
from mapsrv.wire import sse
from mapsrv.wire import told as news
from mapsrv.wire import viewers
from mapsrv.wire.names import clean_name
from tests.kit.clock import Clock
from tests.wire.kit.values import JSON

ANA, BELL = "a" * 16, "b" * 16
TABS = [f"tab-{number}" for number in range(60)]
OTHERS = [f"other-{number}" for number in range(60)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(clock, lambda: None)


def test_a_map_that_nobody_has_opened_says_so_from_the_start(presence: Presence) -> None:
    assert json.loads(presence.body) == {"count": 0, "models": [], "calls": [], "viewers": []}
    assert not presence.publish(), "which is no news"


def opened(presence: Presence, author: str, *names: str) -> None:
    for name in names:
        presence.opened(name, name, author=author)


def away(presence: Presence, author: str, *names: str) -> None:
    for name in names:
        opened(presence, author, name)
        presence.told(name, {"visible": False})
        presence.closed(name)


def shown(presence: Presence) -> list[str]:
    presence.publish()
    told = json.loads(presence.body)
    assert told["count"] == presence.count >= len(told["viewers"])
    return [viewer["name"] for viewer in told["viewers"]]


def numbered(name: str, count: int) -> list[str]:
    return [f"{name}{number}" for number in range(count)]


def test_300_tabs_without_a_stream_hide_nobody_who_has_one(presence: Presence) -> None:
    for number in range(300):
        away(presence, f"forged-{number}", f"away-{number}")
    away(presence, ANONYMOUS, *numbered("nameless-", 300))
    opened(presence, ANA, "Ana")
    opened(presence, BELL, "Bell")
    assert shown(presence)[:2] == ["Ana", "Bell"] and len(presence.body) <= viewers.MAX_BODY
    assert presence.count == 2 + 300 + MAX_TABS
    assert [viewer.name for viewer in presence.people][:2] == ["Ana", "Bell"]
    for name in ("Ana", "Bell"):
        presence.told(name, {"visible": False})
        presence.closed(name)
    opened(presence, BELL, "Bell")
    assert shown(presence)[0] == "Bell"


def test_20_tabs_of_a_cookie_count_and_each_stream_without_one(presence: Presence) -> None:
    opened(presence, ANA, *numbered("ana-", 30))
    assert presence.count == MAX_TABS == len(shown(presence))
    for author in ("", ANONYMOUS):
        opened(presence, author, *numbered(f"nameless-{author}", 15))
    opened(presence, ANA, "ana-3", "ana-29")  # a second stream of a tab is no second tab
    opened(presence, ANONYMOUS, "ana-3")  # nor is one whose request brought no cookie
    assert presence.count == MAX_TABS + 30
    for name in numbered("ana-", 10):
        presence.closed(name)
    assert presence.count == MAX_TABS + 30, "the tabs that did not count do now"
    for name in numbered("nameless-", 15):
        presence.closed(name)
    assert presence.count == MAX_TABS + 15


def test_a_cookies_tabs_that_are_away_are_20_at_most_and_come_back(presence: Presence, clock: Clock) -> None:
    away(presence, ANA, *numbered("ana-", 30))
    assert presence.count == MAX_TABS
    opened(presence, ANA, "ana-29", "ana-3")
    assert presence.count == MAX_TABS and shown(presence)[:2] == ["ana-29", "ana-3"]
    presence.gone("ana-29")
    presence.gone("ana-0")
    assert presence.count == MAX_TABS - 1
    clock.now += AWAY_SECONDS + 1
    assert presence.count == 1 and shown(presence) == ["ana-3"]
    presence.told("ana-5", {"visible": True}, own=True)
    assert presence.front is None, "who is away no more is not known"


def test_the_oldest_that_are_away_go_when_there_are_too_many(
    presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "MAX_AWAY", 3)
    for name in numbered("ana-", 5):
        away(presence, f"author of {name}", name)
    assert shown(presence) == ["ana-2", "ana-3", "ana-4"]


def test_what_another_process_tells_is_bounded_and_stands_behind_those_with_a_stream_here(
    presence: Presence,
) -> None:
    there = Presence(Clock(), lambda: None)
    opened(there, BELL, "Bell")
    away(there, BELL, "bell-away")
    away(presence, ANA, "ana-away")
    opened(presence, ANA, "Ana")
    said = news.read_told(there.told_to_others("there"))
    presence.others_told(said.pod, said.count, said.viewers, said.here)
    assert shown(presence) == ["Ana", "Bell", "ana-away", "bell-away"] and presence.count == 4
    wide = {"id": "0", "name": "wide", "kind": "person", "pointing": {"text": "x" * 4_000}}
    presence.others_told("old", 70, [wide] * 10 + [{**wide, "pointing": {}}] * 60)
    assert "wide" in shown(presence) and presence.count == 74
    opened(there, "", *numbered("x" * 70, 60))
    assert len(there.told_to_others("there")) <= viewers.MAX_BODY


STEP = st.tuples(
    st.sampled_from(["open", "close", "gone", "tell", "tell", "other", "wait"]),
    st.sampled_from(TABS),
    st.sampled_from([ANA, BELL, ANONYMOUS, ""]),
    st.text(max_size=90),
    st.dictionaries(st.text(max_size=9), JSON, max_size=5) | st.just({"text": "\U0001f5fa" * 900}),
)


def said(name: str, pointing: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a tab may say, as POST /presence reads it."""
    yield "visible", len(name) % 2 == 0
    yield "name", clean_name(name)
    yield "viewport", viewers.viewport({"center": [8.123456789, 47.4], "zoom": len(name) / 7})
    try:
        yield "pointing", viewers.pointing(pointing)
    except InvalidArgument:
        pass


@given(st.lists(STEP, max_size=150))
def test_whatever_is_said_a_frame_is_json_of_16_kib_with_those_first_who_have_a_stream(steps: Any) -> None:
    clock = Clock()
    presence = Presence(clock, lambda: None)
    streams: Counter[str] = Counter()
    for action, name, author, text, pointing in steps:
        match action:
            case "open":
                presence.opened(name, clean_name(text), author=author)
                streams[name] += 1
            case "close" if streams[name]:
                presence.closed(name)
                streams[name] -= 1
            case "gone":
                presence.gone(name)
                del streams[name]
            case "tell":
                presence.told(name, dict(said(text, pointing)))
            case "other":
                element = {
                    "id": OTHERS[TABS.index(name)],
                    "name": text,
                    "kind": "person",
                    "pointing": pointing,
                }
                presence.others_told(author, len(text), [element] * 60, len(pointing))
            case "wait":
                clock.now += AWAY_SECONDS / 3
    presence.publish()
    told = json.loads(presence.body)
    assert len(sse.frame("presence", presence.body)) <= 16 * 1024
    assert len(told["viewers"]) <= viewers.MAX_SHOWN and told["count"] == presence.count
    here = [viewer["id"] for viewer in told["viewers"]]
    with_stream = {name for name, count in streams.items() if count > 0}
    open_ones = [id in with_stream for id in here if id in TABS]
    assert open_ones == sorted(open_ones, reverse=True)
    full = len(here) == viewers.MAX_SHOWN or len(presence.body) >= viewers.MAX_BODY - viewers.MAX_ELEMENT
    assert full or presence.count != presence.count_here or len(here) == presence.count, "none is left out"
