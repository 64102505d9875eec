"""The bench beside its peers: which way a ratio goes, what must be, and what is said of who is absent."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

from tests.bench import cores, options, parts, sampler
from tests.bench.load_tool import Broken, Loaded
from tests.bench.peers import cases, lines, servers
from tests.bench.peers.compare import COLUMNS, Line, Must, fill, measured, median, rows
from tests.bench.peers.servers import Absent
from tests.bench.report import Table


def loaded(a_second: float, cpu_us: float = 10.0, kib: float = 0.0) -> Loaded:
    return Loaded(a_second, cpu_us, 1.0, 2.0, kib)


LINE = Line("fan", "deliveries/s", "ours", {"Starlette*": "theirs"}, {"Starlette*": Must(1.5)})
FOUND = {"ours": [loaded(300)], "theirs": [loaded(200, 20.0)]}


@pytest.mark.parametrize(
    ("must", "ours", "theirs", "holds"),
    [
        (Must(1.5), 150, 100, True),
        (Must(1.5), 149, 100, False),
        (Must(1.5), 100, 150, False),
        (Must(0.5, at_most=True), 5, 10, True),
        (Must(0.5, at_most=True), 5.1, 10, False),
        (Must(14, at_most=True), 13, 1, True),
        (Must(14, at_most=True), 15, 1, False),
    ],
)
def test_a_must_is_of_our_number_by_the_peers(must: Must, ours: float, theirs: float, holds: bool) -> None:
    assert must.holds(ours, theirs) is holds
    assert must.shown(ours, theirs).endswith("yes" if holds else "**no**")


def test_a_must_of_ours_alone_has_no_peer() -> None:
    assert Must(14, at_most=True).shown(13.5, None) == "<= 14: yes"
    assert Must(14, at_most=True).shown(14.5, 100.0) == "<= 14 x: yes"


def test_a_row_has_both_numbers_their_ratio_and_the_cpu_of_each() -> None:
    assert list(rows(LINE, FOUND, {})) == [
        ["deliveries/s", "Starlette*", 300, 200, "1.5 x", ">= 1.5 x: yes", 10.0, 20.0, "2 x"]
    ]


def test_medians_are_of_all_rounds_and_not_of_their_order() -> None:
    found = [loaded(1, kib=9), loaded(100, kib=7), loaded(3, kib=8)]
    assert median(found, "a_second") == 3 and median(found, "kib") == 8 and median([], "kib") is None


def test_an_absent_peer_is_told_and_has_no_number() -> None:
    def absent() -> Loaded:
        raise Absent("nchan is not installed: apt-get install it")

    found, failed = measured({"ours": lambda: loaded(300), "theirs": absent}, [LINE], 3)
    (row,) = rows(LINE, found, failed)
    assert "Starlette* left out: nchan is not installed: apt-get install it" in row
    assert row[3:6] == [None, None, None]


def test_a_peer_that_breaks_in_a_later_round_has_no_number_either() -> None:
    rounds = iter([loaded(1)])

    def breaks() -> Loaded:
        if (answer := next(rounds, None)) is None:
            raise Broken("a stream ended")
        return answer

    found, failed = measured({"ours": lambda: loaded(300), "theirs": breaks}, [LINE], 3)
    (row,) = rows(LINE, found, failed)
    assert failed == {"theirs": "a stream ended"} and row[3] is None and len(found["ours"]) == 3


def test_where_ours_breaks_no_peer_is_shown_beside_it() -> None:
    (row,) = rows(LINE, {"ours": [], "theirs": [loaded(1)]}, {"ours": "it did not start"})
    assert row == ["deliveries/s", "not measured: it did not start", *[None] * 7]


def test_every_round_measures_every_case_once_but_some_in_the_first_alone() -> None:
    order: list[str] = []

    def case(name: str) -> Loaded:
        order.append(name)
        return loaded(1)

    twice = Line("fan", "again", "ours", {"it": "theirs", "slow": "slow"})
    made = {name: partial(case, name) for name in ("ours", "theirs", "slow", "not asked for")}
    measured(made, [LINE, twice], 2, once=["slow"])
    assert order == ["ours", "theirs", "slow", "ours", "theirs"]


def test_the_table_has_a_row_for_each_peer_of_each_line() -> None:
    made = fill(Table("Title", COLUMNS), [LINE, LINE], FOUND, {})
    assert len(made.rows) == 2 and made.markdown().count("| >= 1.5 x: yes |") == 2


BENCH = cases.Bench(tool=None, seconds=1.0, taken_over=5, landed=None)  # type: ignore[arg-type]


def test_every_line_names_cases_that_there_are() -> None:
    known = cases.all_cases(BENCH)
    made = lines.all_lines(5, landed=True, groups=options.LINES)
    assert {line.group for line in made} == set(options.LINES)
    assert [name for line in made for name in line.cases() if name not in known] == []
    assert set(known) == {name for line in made for name in line.cases()}


def test_every_must_names_a_peer_of_its_line() -> None:
    for line in lines.all_lines(5, landed=True, groups=options.LINES):
        assert set(line.musts) <= set(line.peers)


def test_without_an_earlier_release_no_line_is_beside_it() -> None:
    made = lines.all_lines(5, landed=False, groups=options.LINES)
    assert [name for line in made for name in line.cases() if "landed" in name] == []
    assert len(lines.all_lines(5, landed=False, groups=("open",))) == 2


def test_a_peer_that_needs_what_is_missing_says_so() -> None:
    with pytest.raises(Absent, match="no_such_package not installed"):
        servers.need("json", "no_such_package")


def test_nchan_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "NGINX_MODULES", tmp_path)
    with pytest.raises(Absent, match="apt-get install nginx libnginx-mod-nchan"), servers.nchan():
        pass


def test_an_interpreter_without_mapsrv_is_no_earlier_release() -> None:
    with pytest.raises(Absent, match="has no mapsrv"):
        servers.release_of(sys._base_executable)  # type: ignore[attr-defined]


def test_an_earlier_release_does_not_find_this_tree() -> None:
    words = cores.python_words("/opt/python")
    assert words[1:] == ["-u", "PYTHONPATH", "/opt/python", "-P"]
    assert cores.python_words(None) == [sys.executable]


@pytest.mark.parametrize(
    ("file", "room"),
    [
        ("/x/site-packages/mapsrv/hub/hub.py", "ours"),
        ("/x/site-packages/mapsrv/http_server/connection.py", "HTTP"),
        ("/x/site-packages/trio/_core/_run.py", "Trio"),
        ("/x/site-packages/trio_asyncio/_loop.py", ""),
        ("/x/site-packages/mcp/server/session.py", "SDK"),
        ("/usr/lib/python3.11/json/decoder.py", ""),
    ],
)
def test_a_file_belongs_to_a_room_or_to_its_caller(file: str, room: str) -> None:
    assert sampler.room_of(file) == room


def test_the_parts_of_an_operation_are_the_whole() -> None:
    each, kernel, *rooms = parts.divided(100.0, 0.25, {"Trio": 1, "ours": 2})
    assert (each, kernel, sum(rooms)) == (100.0, 25.0, 75.0)
    assert dict(zip(parts.ROOMS, rooms, strict=True))["ours"] == 50.0


def test_the_rooms_of_the_sampler_are_those_of_the_table() -> None:
    assert {*sampler.ROOMS.values(), sampler.OTHER} == set(parts.ROOMS)
