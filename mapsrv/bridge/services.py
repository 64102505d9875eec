"""Which servers are served now: told what they should be, it begins, changes and ends what differs.

Whoever looks one up finds what is there at that moment.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import trio

from mapsrv.bridge.children.reaper import Reaper
from mapsrv.bridge.sessions.service import Service, run_service
from mapsrv.bridge.specs import Spec, command_of

ANEW_SECONDS = 1.0  # before a server that failed by a fault of ours begins anew

log = logging.getLogger("mapsrv.bridge")


@dataclass(frozen=True, slots=True)
class _Served:
    spec: Spec
    service: Service
    scope: trio.CancelScope


class Services(Mapping[str, Service]):
    """Those that are served, by name. They run in `nursery`; `reaper` outlives them."""

    def __init__(self, nursery: trio.Nursery, reaper: Reaper) -> None:
        self._nursery, self._reaper = nursery, reaper
        self._served: dict[str, _Served] = {}

    def __getitem__(self, name: str) -> Service:
        return self._served[name].service

    def __iter__(self) -> Iterator[str]:
        return iter(self._served)

    def __len__(self) -> int:
        return len(self._served)

    def end(self) -> None:
        """End all of them."""
        for served in self._served.values():
            served.scope.cancel()

    async def become(self, specs: Mapping[str, Spec]) -> None:
        """Serve these from now on; what is as it was goes on. Raises StartupError, and nothing is changed."""
        for spec in specs.values():
            command_of(spec, os.environ)
        for name in [name for name in self._served if name not in specs]:
            log.info("%s is no more served", name)
            self._served.pop(name).scope.cancel()
        for name, spec in specs.items():
            if name not in self._served or self._served[name].spec != spec:
                await self._serve(spec)

    async def _serve(self, spec: Spec) -> None:
        old = self._served.get(spec.name)
        self._served[spec.name] = await self._nursery.start(self._run, spec)
        if old is not None:
            log.info("%s has changed: its sessions end", spec.name)
            old.scope.cancel()

    async def _run(  # noqa: ASYNC114 (started in _serve)
        self, spec: Spec, *, task_status: trio.TaskStatus[_Served]
    ) -> None:
        """Run one server until it is ended; one that fails by a fault of ours begins anew, alone."""
        begun = False
        with trio.CancelScope() as scope:
            while True:
                try:
                    async with trio.open_nursery() as nursery:
                        service = await nursery.start(run_service, spec, self._reaper)
                        served = _Served(spec, service, scope)
                        if not begun:
                            task_status.started(served)
                        elif spec.name in self._served and self._served[spec.name].scope is scope:
                            self._served[spec.name] = served
                        begun = True
                except Exception:
                    if not begun:
                        raise
                    log.exception("%s failed and begins anew", spec.name)
                    await trio.sleep(ANEW_SECONDS)
