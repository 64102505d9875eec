"""Attacks on the framing, on a real server: each is refused or closed, and the server does not notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.kit.framing import ATTACKS, HEADS, OTHER_PROTOCOLS, TWO_ENDS, Attack
from tests.abuse.kit.raw import ask, connect, statuses
from tests.bridge.kit.process import CHILD, bridge
from tests.e2e.kit.server import Server, running

REFUSED = ((400,), (431,), (501,))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("framing"), "--store=memory:") as one:
        yield one


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_an_attack_is_answered_or_closed_and_nobody_else_notices(server: Server, attack: Attack) -> None:
    answers = statuses(ask(server.port, attack.sent, end=attack.end))
    assert answers in (attack.answers, *attack.or_else)
    assert server.answers("/health")
    assert "Traceback" not in server.log and '"level":"error"' not in server.log


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(server: Server) -> None:
    with connect(server.port) as stream:
        stream.settimeout(0.2)
        for number in range(300):  # a minute, where the server waits for 5 s
            try:
                stream.sendall(b"GET /health HTTP/1.1\r\nX: " if not number else b"x")
                assert stream.recv(100) == b""
                break
            except TimeoutError:
                pass  # it still waits
            except ConnectionError:
                break
        else:
            pytest.fail("it waits for ever")


def test_the_bridge_refuses_the_same(tmp_path: Path) -> None:
    with bridge(tmp_path, "--", *CHILD) as run:
        for attack in (*OTHER_PROTOCOLS, *TWO_ENDS, *HEADS):
            if attack.answers in REFUSED:
                assert statuses(ask(run.port, attack.sent, end=attack.end)) == attack.answers, attack.name
        assert b"healthy" in ask(run.port, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert "Traceback" not in run.log and '"level":"error"' not in run.log
