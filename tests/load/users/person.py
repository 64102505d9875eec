"""Whoever is connected to one map, and how locust is told how long each thing took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests
from locust import User
from window import CONNECT

SECONDS = 30.0  # that an answer may take


class Refused(Exception):
    """An answer that is no success."""


class Person(User):
    """Connects when it begins, to the next of the maps. `way` is how it comes."""

    abstract = True
    fixed_count = 0
    way = ""

    def on_start(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False  # else each request looks through the environment for proxies
        self.session_id, self.leaving = next(self.environment.maps), False
        try:
            self.timed(f"{CONNECT}{self.way}", self.connect)
        finally:
            self.environment.window.tried()

    def on_stop(self) -> None:
        self.leaving = True
        self.http.close()

    def connect(self) -> None:
        raise NotImplementedError

    def timed(self, name: str, what: Callable[[], Any]) -> None:
        """Do it, and tell how long it took, or why it failed."""
        begun, problem = time.perf_counter(), None
        try:
            what()
        except Exception as error:
            problem = error
        self.tell(name, time.perf_counter() - begun, problem)

    def tell(self, name: str, seconds: float, problem: Exception | None = None) -> None:
        """Have locust, and the window, know of it."""
        self.environment.events.request.fire(
            request_type=self.way,
            name=name,
            response_time=seconds * 1000,
            response_length=0,
            exception=problem,
        )
