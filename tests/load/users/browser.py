"""A page: its stream, and how long after it was asked for a camera arrives on it."""

from __future__ import annotations

import json
from typing import Any

import cameras
import gevent
from locust import task
from person import SECONDS, Person, Refused
from streams import Stream


class Browser(Person):
    """Reads what happens on a map."""

    way = "/events"

    def connect(self) -> None:
        self.stream = Stream(self.http, f"{self.host}/events?session={self.session_id}")
        self.messages = iter(self.stream)
        while next(self.messages)[0] != "snapshot":
            pass

    @task
    def look(self) -> None:
        problem: Exception = Refused("the stream ended")
        try:
            for event, data in self.messages:
                if event == "event":
                    self.see(json.loads(data)["ops"])
        except Exception as error:
            problem = error
        self.tell("stream /events", 0, problem)
        gevent.sleep(SECONDS)  # one failure is told once

    def see(self, ops: list[dict[str, Any]]) -> None:
        for op in ops:
            if op["op"] == "set_camera" and (seconds := cameras.waited(tuple(op["camera"]["center"]))):
                self.tell("shown /events", seconds)

    def on_stop(self) -> None:
        super().on_stop()
        if hasattr(self, "stream"):
            self.stream.close()
