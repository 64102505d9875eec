"""Nobody goes back in time, whichever pod they meet: real processes, and others who write all the while."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import httpx2

from mapsrv.core.log import Position
from tests.e2e.kit.server import NO_TLS, Server, wait_until
from tests.kit.sse import Message, Parser

READS = 300
HOPS = 80
WRITERS = 4
VIEWERS = 4


@contextmanager
def doing(*jobs: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have each job done in a thread of its own; the event tells them to end."""
    ends = threading.Event()
    threads = [threading.Thread(target=job, args=(ends,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def writers(pods: list[Server], session_id: str) -> list[Callable[[threading.Event], None]]:
    """Return people who change the map without rest, each at a pod that answers."""

    def write(number: int, ends: threading.Event) -> None:
        with httpx2.Client(verify=NO_TLS, timeout=30) as client:
            for count in itertools.takewhile(lambda _: not ends.is_set(), itertools.count()):
                pod = pods[(number + count // 10) % len(pods)]
                body = {"command": "open_map", "arguments": {"title": f"{number} {count}"}}
                try:
                    client.post(f"{pod.url}/commands?session={session_id}", json=body)
                except httpx2.TransportError:
                    ends.wait(0.02)  # it is being restarted

    return [partial(write, number) for number in range(WRITERS)]


def history(pod: Server, session_id: str, position: str) -> Iterator[Message]:
    """Yield what a stream that goes on from there says of the map, until it ends."""
    url, headers, parser = f"{pod.url}/events?session={session_id}", {"Last-Event-ID": position}, Parser()
    with httpx2.stream("GET", url, headers=headers, timeout=30, verify=NO_TLS) as answer:
        for data in answer.iter_raw():
            yield from (said for said in parser.feed(data) if said.event in ("snapshot", "event"))


def revisions(positions: Iterable[str]) -> list[int]:
    found = [position for text in positions if (position := Position.parse(text)) is not None]
    assert len({position.epoch for position in found}) == 1
    return [position.revision for position in found]


def falls(numbers: list[int]) -> int:
    return sum(one > other for one, other in itertools.pairwise(numbers))


def test_a_reader_who_alternates_pods_while_others_write_never_goes_back(pods: list[Server]) -> None:
    session_id, seen = pods[0].new_map(), []
    with doing(*writers(pods, session_id)), httpx2.Client(verify=NO_TLS, timeout=30) as client:
        for number in range(READS):
            answer = client.get(f"{pods[number % 2].url}/state?session={session_id}")
            seen.append(answer.raise_for_status().json()["position"])
    numbers = revisions(seen)
    assert numbers[-1] - numbers[0] > READS / 10, "others wrote all the while"
    assert falls(numbers) == 0


def test_a_viewer_who_moves_from_pod_to_pod_while_others_write_sees_each_event_once(
    pods: list[Server],
) -> None:
    session_id = pods[0].new_map()
    shown = [pods[0].state(session_id)["position"]]
    with doing(*writers(pods, session_id)):
        for hop in range(HOPS):
            for message in itertools.islice(history(pods[hop % 2], session_id, shown[-1]), 5):
                assert message.event == "event"
                shown.append(message.id)
    numbers = revisions(shown)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_a_rolling_restart_shows_nobody_anything_a_second_time(pods: list[Server]) -> None:
    session_id = pods[0].new_map()
    shown: list[list[str]] = [[pods[0].state(session_id)["position"]] for _ in range(VIEWERS)]

    def view(number: int, ends: threading.Event) -> None:
        mine = shown[number]
        for pod in itertools.cycle(pods):
            try:
                for message in history(pod, session_id, mine[-1]):
                    mine.append(message.id)
                    if ends.is_set():
                        return
            except httpx2.TransportError:
                ends.wait(0.02)

    viewers = [partial(view, number) for number in range(VIEWERS)]
    with doing(*writers(pods, session_id)):
        with doing(*viewers):
            for pod in pods:
                before = [len(mine) for mine in shown]
                assert pod.stop() == 0
                pod.start()
                wait_until(lambda: all(len(mine) > was for mine, was in zip(shown, before)), 30)  # noqa: B023
    for mine in shown:
        numbers = revisions(mine)
        assert falls(numbers) == 0 and len(set(numbers)) == len(numbers)
