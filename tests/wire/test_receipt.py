"""What a caller gets back: what there is nothing to say of is left out."""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core.log import Position
from mapsrv.wire.drawn import Problem
from mapsrv.wire.receipt import Receipt, Shown

RECEIPT = Receipt("s1", "Zug", Position("e", 3, "abcd"), ("roads",), 1, (), "disk")


def test_what_a_page_shows_is_told_only_where_one_was_asked() -> None:
    told = RECEIPT.to_json("http://h")
    assert told["url"] == "http://h/?session=s1" and not {"shown", "problems"} & told.keys()
    problem = Problem("404", "roads", "e.3.abcd", "Check it.", 2)
    told = replace(RECEIPT, shown=Shown(True, ("roads",)), problems=(problem,)).to_json("http://h")
    assert told["shown"] == {"applied": True, "waiting": ["roads"]}
    assert told["problems"] == [problem.to_json()]
