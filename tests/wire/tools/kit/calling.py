"""How the tests of the tools call them: as a transport does, by name and arguments."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.wire.calls import parse_call

POINT = {"type": "Point", "coordinates": [7.5, 46.9]}


def request(name: str, /, **arguments: Any) -> Any:
    return parse_call(name, arguments).request


def refusal(name: str, arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        parse_call(name, arguments)
    return caught.value.message
