"""People who come through the proxy: a tab that comes back, a writer who repeats what was not heard."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx2

from tests.deploy.kit.site import Site
from tests.e2e.kit.server import NO_TLS, Server
from tests.kit.sse import Message, Parser

AGAIN_SECONDS = 0.1


class Tab:
    """Reads a stream in a thread; with `again` it comes back from its position whenever the stream ends.

    With `direct` it asks that pod, and not the proxy.
    """

    def __init__(self, site: Site, path: str, again: bool = False, direct: Server | None = None) -> None:
        self.messages: list[Message] = []
        self.opened_at = time.monotonic()
        self.first_after: float | None = None
        self.ended = 0
        self._url, self._trust = (direct.url, NO_TLS) if direct else (site.url, site.trust)
        self._path, self._again = path, again
        self._closed = False
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        """Come back no more."""
        self._closed = True

    @property
    def events(self) -> list[Message]:
        return [message for message in list(self.messages) if message.event == "event"]

    def _read(self) -> None:
        while not self._closed:
            try:
                self._once()
            except httpx2.TransportError:
                pass  # the pod was killed
            self.ended += 1
            if not self._again:
                return
            time.sleep(AGAIN_SECONDS)

    def _once(self) -> None:
        parser, position = Parser(), next((one.id for one in reversed(self.messages) if one.id), "")
        url, headers = self._url + self._path, {"Last-Event-ID": position}
        with httpx2.stream("GET", url, headers=headers, timeout=30, verify=self._trust) as answer:
            if answer.status_code != 200:
                return
            for data in answer.iter_raw():
                self.messages += parser.feed(data)
                if self.messages and self.first_after is None:
                    self.first_after = time.monotonic() - self.opened_at
                if self._closed:
                    return


class Writer:
    """Adds layer after layer in a thread, each under one key until it is acknowledged."""

    def __init__(self, site: Site, session_id: str) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[tuple[int, str]] = []
        self._site, self._session_id = site, session_id
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let it hear of what it has said, and end."""
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _write(self) -> None:
        with httpx2.Client(verify=self._site.trust, timeout=30) as client:
            while not self._stop.is_set():
                name = f"layer-{len(self.acknowledged)}"
                while not self._say(client, name):
                    time.sleep(AGAIN_SECONDS)
                self.acknowledged.append(name)

    def _say(self, client: httpx2.Client, name: str) -> bool:
        point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
        arguments: dict[str, Any] = {"id": name, "source": {"type": "geojson", "data": point}}
        body = json.dumps({"command": "add_layer", "arguments": arguments, "id": f"key-{name}"})
        url = f"{self._site.url}/commands?session={self._session_id}"
        try:
            answer = client.post(url, content=body, headers={"content-type": "application/json"})
        except httpx2.TransportError as error:
            self.refused.append((0, type(error).__name__))
            return False
        if answer.status_code != 200:
            self.refused.append((answer.status_code, answer.text[:200]))
        return answer.status_code == 200
