"""An HTTP server of the standard library, served by a thread for as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer


@contextmanager
def served(http: BaseServer) -> Iterator[str]:
    """Gives the URL of its root. At the end nothing more is accepted; the server is its maker's to close."""
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield "http://{}:{}".format(*http.server_address[:2])
    finally:
        http.shutdown()
        thread.join()
