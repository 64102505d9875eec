"""Bodies are read whole within bounds; an answer begins once and ends once."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing

from mapsrv.asgi.message import (
    BODY_SECONDS,
    MAX_MESSAGE,
    Answer,
    Bounds,
    header,
    is_at_hand,
    read_body,
    replay,
    take_body,
)
from mapsrv.asgi.peer import PEER
from mapsrv.budget import Budget, Claim
from mapsrv.errors import Busy, SlowBody, TooLarge, TooMany

START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"", "more_body": False}


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def receiving(*parts: bytes, left: bool = False) -> Any:
    """Return a receive that gives these parts, then a disconnect if its sender left."""
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in parts]
    messages.append({"type": "http.disconnect"} if left else {"type": "http.request", "body": b""})

    async def receive() -> Any:
        await trio.lowlevel.checkpoint()
        return messages.pop(0)

    return receive


class Sent(list[Any]):
    async def send(self, message: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.append(message)


def scope(**headers: str) -> dict[str, Any]:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": lines}


async def test_a_body_is_read_whole_and_given_again() -> None:
    receive = receiving(b'{"a"', b": 1}")
    body = await read_body(scope(), receive)
    assert body == b'{"a": 1}'
    again = replay(body, receiving(left=True))
    assert await again() == {"type": "http.request", "body": body, "more_body": False}
    assert (await again())["type"] == "http.disconnect"


async def test_a_sender_that_left_is_no_error() -> None:
    assert await read_body(scope(), receiving(b"{", left=True)) is None


async def test_a_body_that_is_too_large_names_the_way_round_and_is_not_read_on() -> None:
    half, rest = b" " * (MAX_MESSAGE // 2 + 1), receiving()
    receive = receiving(half, half, b"more")
    with pytest.raises(TooLarge, match="POST /data"):
        await read_body(scope(), receive)
    assert (await receive())["body"] == b"more"
    with pytest.raises(TooLarge):
        await read_body(scope(content_length=str(MAX_MESSAGE + 1)), rest)


async def test_a_body_is_claimed_as_it_arrives_and_refused_where_too_much_is_in_flight() -> None:
    budget = Budget(100)
    with budget.claim(None) as claim:
        assert await read_body(scope(), receiving(b" " * 30, b" " * 30), claim=claim) == b" " * 60
        assert budget.all.taken == 60
        other = budget.claim(None)
        with pytest.raises(Busy):
            await read_body(scope(content_length="50"), receiving(), claim=other)
        with pytest.raises(Busy), other:
            await read_body(scope(), receiving(b" " * 30, b" " * 30), claim=other)
    assert budget.all.taken == 0


async def test_limit_and_advice_are_the_callers() -> None:
    assert await read_body(scope(), receiving(b" " * 9), 9, "Split it.") == b" " * 9
    with pytest.raises(TooLarge, match=r"at most 1,024 KiB\. Split it\.$"):
        await read_body(scope(), receiving(b" " * (2**20 + 1)), 2**20, "Split it.")


async def test_the_largest_body_is_taken() -> None:
    assert await read_body(scope(), receiving(b" " * MAX_MESSAGE)) == b" " * MAX_MESSAGE


async def test_a_body_that_takes_too_long_is_refused(autojump_clock: object) -> None:
    with pytest.raises(SlowBody):
        await read_body(scope(), trio.sleep_forever)  # type: ignore[arg-type]
    assert trio.current_time() == pytest.approx(BODY_SECONDS)


async def test_a_body_that_is_here_is_taken_without_a_clock_and_within_the_same_bounds() -> None:
    bounds = Bounds(4, 0.0, "too large", "too slow")  # no time to wait at all
    here = {"type": "http.request", "body": b"1234"}

    async def receive() -> Any:  # noqa: ASYNC124 (as a real one that need not wait)
        return here

    with trio.testing.assert_no_checkpoints():
        assert await take_body(receive, bounds, Claim(), at_hand=True) == b"1234"
        here["body"] = b"12345"
        with pytest.raises(TooLarge, match="too large"):
            await take_body(receive, bounds, Claim(), at_hand=True)


def test_a_body_is_at_hand_where_the_client_says_so() -> None:
    for whole in (True, False):
        assert is_at_hand({"extensions": {PEER: SimpleNamespace(whole=whole)}}) is whole
    assert not is_at_hand({"extensions": {}}) and not is_at_hand({})


async def test_a_body_that_goes_on_arriving_gets_more_time(autojump_clock: object) -> None:
    bounds = Bounds(1000, 1.0, "Less.", "Faster.", slowest=100)
    parts = iter([b" " * 100] * 3)

    async def receive() -> Any:
        await trio.sleep(0.9)
        return {"type": "http.request", "body": next(parts, b""), "more_body": True}

    with Budget(1000).claim(None) as claim:
        with pytest.raises(SlowBody, match="Faster"):
            await take_body(receive, bounds, claim)
        assert trio.current_time() == pytest.approx(4.0) and claim.size == 0


async def test_what_was_declared_too_large_is_refused_unread() -> None:
    receive, bounds = receiving(b"x"), Bounds(5, 1.0, "Less.", "Faster.")
    with pytest.raises(TooLarge, match="Less"):
        await take_body(receive, bounds, Claim(), 6)
    assert await take_body(receive, bounds, Claim(), 1) == b"x"


async def test_an_answer_is_ended_once() -> None:
    sent = Sent()
    answer = Answer(sent.send)
    for message in (START, part(b"a", more=True), END, part(b"late"), START):
        await answer.send(message)
    await answer.end()
    assert sent == [START, part(b"a", more=True), END]


async def test_a_part_of_an_answer_that_never_began_is_dropped() -> None:
    sent = Sent()
    answer = Answer(sent.send)
    await answer.send(part(b"a", more=True))
    await answer.end()
    assert sent == []


async def test_a_beginning_goes_out_even_when_cancelled() -> None:
    sent = Sent()
    answer = Answer(sent.send)
    with trio.CancelScope() as cancel:
        cancel.cancel()
        await answer.send(START)
    await answer.end()
    assert sent == [START, END]


async def test_a_second_beginning_ends_the_first() -> None:
    sent = Sent()
    answer = Answer(sent.send)
    for message in (START, part(b"a", more=True), START, part(b"error")):
        await answer.send(message)
    assert sent == [START, part(b"a", more=True), END]


async def test_the_last_part_goes_out_even_when_cancelled() -> None:
    sent = Sent()
    answer = Answer(sent.send)
    with trio.CancelScope() as cancel:
        await answer.send(START)
        cancel.cancel()
        await answer.send(part(b"last"))
    assert sent == [START, part(b"last")]


@pytest.mark.parametrize("rpc", [True, False])
async def test_a_refusal_says_its_code_either_way(rpc: bool) -> None:
    sent = Sent()
    await Answer(sent.send).refuse(TooMany("Later.", retry_after=3), rpc=rpc)
    value = json.loads(sent[1]["body"])
    assert sent[0]["status"] == 429 and (b"retry-after", b"3") in sent[0]["headers"]
    assert value["error"]["message"] == "Later."
    assert (value["error"]["data"] if rpc else value["error"])["code"] == "too_many"
    assert ("jsonrpc" in value) == rpc


async def test_a_refusal_after_the_beginning_only_ends_the_answer() -> None:
    sent = Sent()
    answer = Answer(sent.send)
    await answer.send(START)
    await answer.refuse(TooMany("Later."), rpc=False)
    assert sent == [START, END]


def test_a_header_is_found_by_its_name() -> None:
    assert header(scope(mcp_session_id="x"), "mcp-session-id") == "x"
    assert header(scope(), "host") is None
