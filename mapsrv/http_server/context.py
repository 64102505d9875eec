"""What all connections of a server share: its application and settings, and who is open and who rests."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hypercorn.config import Config
from hypercorn.typing import AppWrapper

from mapsrv.change import Change
from mapsrv.http_server.resting import Resting
from mapsrv.logs import FLOOD

if TYPE_CHECKING:
    from mapsrv.http_server.connection import Connection

REFUSED = "request=refused"

log = logging.getLogger("mapsrv.http")


class Context:
    """`pressed`: room is short, and slow readers are cut. `terminated`: each ends with its answer.

    `first` is for how many seconds a connection that has asked nothing yet may rest. `count_refused` is told
    the status of each request that no application is asked about.
    """

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        pressed: Callable[[], bool],
        first: float,
        count_refused: Callable[[int], None],
    ) -> None:
        self.app, self.config, self.pressed = app, config, pressed
        self.count_refused = count_refused
        self.max_requests = config.keep_alive_max_requests
        self.open: set[Connection] = set()
        self.fresh, self.resting = Resting(first), Resting(config.keep_alive_timeout)
        self.ended = Change()  # one of them was the last
        self.terminated = False
        self._lines, self._made_at = b"", 0

    def lines(self) -> bytes:
        """Return what Hypercorn adds to each head: the date, which is made once a second."""
        now = int(time.time())
        if now != self._made_at:
            headers = self.config.response_headers("h11")
            self._lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self._made_at = now
        return self._lines

    def note_refused(self, status: int, client: tuple[str, int] | None) -> None:
        """Count and log what could not be read; of what it said nothing is known, and nothing told."""
        self.count_refused(status)
        if log.isEnabledFor(logging.INFO) and not FLOOD.full((log.name, logging.INFO, REFUSED)):
            log.info(REFUSED, extra={"client_ip": None if client is None else client[0], "status": status})

    def forget(self, connection: Connection) -> None:
        """It has ended."""
        self.open.discard(connection)
        if not self.open:
            self.ended.tell()
