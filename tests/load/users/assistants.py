"""Models' clients, over /sse and /mcp, each of which makes a call every PACE.

They speak MCP by themselves, without a library, which would be measured too.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import cameras
import gevent
import requests
from gevent.event import AsyncResult
from locust import constant_pacing, task
from person import SECONDS, Person, Refused
from streams import Stream

PACE = 7.5  # seconds from one call to the next, whatever it waits: 125 assistants make 1,000 a minute
REVISION = "2025-06-18"
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "protocolVersion": REVISION,
    "capabilities": {},
    "clientInfo": {"name": "load", "version": "1"},
}
# What an assistant does, over and over: it draws, looks, and moves the camera.
STEPS = ("add_layer", "set_map_view", "get_map_state", "set_map_view", "list_layers", "set_map_view")

_numbers = itertools.count()


def _arguments(step: str, session_id: str, number: int) -> dict[str, Any]:
    """Return what a tool is called with by an assistant of that number."""
    on = {"session_id": session_id}
    if step == "set_map_view":
        return {**on, "center": cameras.ask(), "zoom": 5}
    if step == "add_layer":
        point = {"type": "Point", "coordinates": [number % 360 - 180, number % 160 - 80]}
        feature = {"type": "Feature", "geometry": point, "properties": {"name": f"Number {number}"}}
        source = {"type": "FeatureCollection", "features": [feature]}
        return {**on, "id": f"of-{number}", "title": f"Of {number}", "source": source}
    return on


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON-RPC answer's result."""
    if "result" not in answer:
        raise Refused(str(answer)[:300])
    return answer["result"]


class Assistant(Person):
    """A model's client: initialised once, and then a call each PACE."""

    abstract = True
    wait_time = constant_pacing(PACE)

    def on_start(self) -> None:
        self.number = next(_numbers)
        self.steps, self.ids = itertools.cycle(STEPS), itertools.count(1)
        super().on_start()

    @task
    def call(self) -> None:
        step = next(self.steps)
        given = {"name": step, "arguments": _arguments(step, self.session_id, self.number)}

        def ask() -> None:
            result = self.ask("tools/call", given)
            if result.get("isError"):
                raise Refused(f"{step}: {result['content'][0]['text']}")

        self.timed(f"call {self.way}", ask)

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a request."""
        raise NotImplementedError

    def post(self, url: str, message: dict[str, Any], **headers: str) -> requests.Response:
        body = json.dumps({"jsonrpc": "2.0", **message})
        answer = self.http.post(url, data=body, headers=JSON | headers, timeout=SECONDS)
        if answer.status_code not in (200, 202):
            raise Refused(f"{answer.status_code} {answer.text}")
        return answer


class SseAssistant(Assistant):
    """Over /sse: what is posted is answered on the stream."""

    way = "/sse"

    def connect(self) -> None:
        self.endpoint: AsyncResult = AsyncResult()
        self.waiting: dict[int, AsyncResult] = {}
        self.stream = Stream(self.http, f"{self.host}/sse")
        self.reader = gevent.spawn(self.read)
        self.address = self.host + self.endpoint.get(timeout=SECONDS)
        self.ask("initialize", INITIALIZE)
        self.post(self.address, {"method": "notifications/initialized"})

    def read(self) -> None:
        problem: Exception = Refused("the stream ended")
        try:
            for event, data in self.stream:
                if event == "endpoint":
                    self.endpoint.set(data.decode())
                elif waiting := self.waiting.pop((answer := json.loads(data)).get("id"), None):
                    waiting.set(answer)  # else nobody waits for it any more
        except Exception as error:
            problem = error
        if not self.leaving:
            self.tell("stream /sse", 0, problem)

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self.ids)
        answer = self.waiting[number] = AsyncResult()
        try:
            self.post(self.address, {"id": number, "method": method, "params": params})
            return _result(answer.get(timeout=SECONDS))
        finally:
            self.waiting.pop(number, None)

    def on_stop(self) -> None:
        super().on_stop()
        if hasattr(self, "stream"):
            self.reader.kill()
            self.stream.close()


class HttpAssistant(Assistant):
    """Over /mcp: a POST is answered by its own answer."""

    way = "/mcp"
    bears: dict[str, str] = {}

    def connect(self) -> None:
        message = {"id": 0, "method": "initialize", "params": INITIALIZE}
        answer = self.post(f"{self.host}/mcp", message)
        _result(answer.json())
        self.bears = {"Mcp-Session-Id": answer.headers["Mcp-Session-Id"], "MCP-Protocol-Version": REVISION}
        self.post(f"{self.host}/mcp", {"method": "notifications/initialized"}, **self.bears)

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        message = {"id": next(self.ids), "method": method, "params": params}
        return _result(self.post(f"{self.host}/mcp", message, **self.bears).json())
