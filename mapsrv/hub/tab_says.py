"""What one tab says of itself is taken by a session that is held here."""

from __future__ import annotations

from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.problems import still_so
from mapsrv.wire.said import Said


def tab_says(live: LiveSession, said: Said, *, own: bool = False) -> None:
    """Take it, in one step. `own`: as Presence.told has it."""
    live.presence.told(said.tab, said.values, number=said.number, own=own)
    for problem in said.problems:
        live.problems.report(problem)
    if "drawn" in said.values:
        live.problems.told(said.tab, still_so(live.session, live.presence.drawn(said.tab)))
    if said.gone:
        live.presence.gone(said.tab, number=said.number)
