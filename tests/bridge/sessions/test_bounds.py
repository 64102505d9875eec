"""How many sessions one caller may have, and that who is exempt has only the bound of all."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.bridge.sessions.service import Service
from mapsrv.bridge.settings import Limits
from mapsrv.errors import TooMany
from tests.bridge.kit.fake import FakeFactory


async def test_each_caller_has_its_own_bound_and_who_is_exempt_only_that_of_all(nursery: Any) -> None:
    factory: Any = FakeFactory()
    service = Service(factory, "shared", Limits(sessions=7, sessions_a_client=2), nursery)
    for caller in ("192.0.2.1", "2001:db8::/64"):
        for _ in range(2):
            await service.open(caller, 60)
        with pytest.raises(TooMany, match="You have 2 sessions open"):
            await service.open(caller, 60)
    for _ in range(3):
        await service.open(None, 60)
    with pytest.raises(TooMany, match="7 sessions are open"):
        await service.open(None, 60)
