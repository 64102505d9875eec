"""A page whose pod is killed, or leaves: another pod has the same map, and the person goes on."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DRAWN, opened, rendered
from tests.e2e.kit.server import Server, running, wait_until
from tests.e2e.test_page import at_zero, circle, is_at, points
from tests.store.kit import valkey


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until either end is gone, then end both."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def carry(near: socket.socket, pods: list[Server]) -> None:
    """Carry one connection to the first pod that takes it."""
    with near, contextlib.suppress(OSError):
        for pod in pods:
            with contextlib.suppress(ConnectionRefusedError):
                far = socket.create_connection(("127.0.0.1", pod.port), 5)
                break
        else:
            return
        far.settimeout(None)
        with far:
            back = threading.Thread(target=pump, args=(far, near), daemon=True)
            back.start()
            pump(near, far)
            back.join()


@contextlib.contextmanager
def balanced(pods: list[Server]) -> Iterator[str]:
    """Give the address of a balancer that passes each connection to the first pod that is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):  # closed: the end
                while True:
                    near, _ = listener.accept()
                    threading.Thread(target=carry, args=(near, pods), daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_pod_that_ends_costs_the_page_at_most_a_reconnecting(tmp_path: Path, page: Page, how: int) -> None:
    with ExitStack() as stack:
        redis = stack.enter_context(valkey.running(tmp_path / "redis"))
        pods = []
        for name in "ab":
            (tmp_path / name).mkdir()
            pods.append(stack.enter_context(running(tmp_path / name, "--store", redis.url)))
        url = stack.enter_context(balanced(pods))
        first, second = pods
        session_id = first.new_map()
        at_zero(first, session_id)
        first.command(session_id, "add_layer", id="red", source=points("a"), layers=circle("red"))
        opened(page, f"{url}/?session={session_id}")
        page.wait_for_function(rendered("red", 1), timeout=DRAWN)
        page.evaluate("void mapsrv.map.jumpTo({center: [40, 40], zoom: 5})")
        first.stop(how)
        page.get_by_label("red", exact=True).uncheck()
        wait_until(lambda: not second.state(session_id)["state"]["layers"][0]["visible"], 30)
        second.command(session_id, "open_map", title="After")
        expect(page.locator("#title")).to_have_text("After", timeout=DRAWN)
        expect(page.locator("#connection")).to_have_text("Connected", timeout=DRAWN)
        expect(page.locator("#message")).to_be_empty()
        expect(page.get_by_label("red", exact=True)).not_to_be_checked()
        assert is_at(page, 40, 40, 5)
