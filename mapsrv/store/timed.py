"""How long the calls of a store take, for the metrics: one decorator for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mapsrv.metrics.maps import STORE_SECONDS

P = ParamSpec("P")
T = TypeVar("T")


def timed(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Tell for each call of a store's method how long it took, whether it failed or not."""
    took = STORE_SECONDS.labels(method.__name__).observe

    @wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        began = time.perf_counter()
        try:
            return await method(*args, **kwargs)
        finally:
            took(time.perf_counter() - began)

    return call
