"""The collector: off while a server loads, on while it serves."""

from __future__ import annotations

import gc

from mapsrv.server.memory import spare_the_collector


def test_the_collector_is_on_again_once_what_stays_is_counted() -> None:
    before = gc.get_threshold()
    gc.disable()
    try:
        spare_the_collector()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()
        gc.set_threshold(*before)
