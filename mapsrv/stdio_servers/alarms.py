"""Alarms from a Netdata agent's HTTP API: what is wrong now, the worst first."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from mapsrv.stdio_servers.backend import Backend
from mapsrv.stdio_servers.netdata import MAX_TEXT, Number, number_text, time_text

MAX_ALARMS = 200
_WORST = {"CRITICAL": 0, "WARNING": 1}

Status: TypeAlias = Literal["raised", "critical", "all"]


class GetAlarms(msgspec.Struct, forbid_unknown_fields=True):
    """List Netdata's alarms: those that are raised now, the critical ones only, or all that are watched."""

    status: Annotated[
        Status, msgspec.Meta(description="raised: warning or critical; critical; all: silent ones too")
    ] = "raised"


class Alarm(msgspec.Struct):
    name: str
    chart: str
    status: str
    value: str
    info: str
    changed: str


class Alarms(msgspec.Struct, omit_defaults=True):
    alarms: list[Alarm]
    note: str = ""


class _Alarm(msgspec.Struct):
    name: str
    chart: str
    status: str
    value: Number = None
    value_string: str = ""
    units: str = ""
    summary: str = ""
    info: str = ""
    last_status_change: int = 0


class _Alarms(msgspec.Struct):
    status: bool  # whether this agent watches over alarms at all
    alarms: dict[str, _Alarm]


async def alarms(netdata: Backend, call: GetAlarms) -> Alarms:
    """Return alarms, the worst first; raises MapsrvError."""
    which = "all" if call.status == "all" else "active"
    answer = await netdata.get("/api/v1/alarms", _Alarms, {which: "true"})
    found = [
        alarm for alarm in answer.alarms.values() if call.status != "critical" or alarm.status == "CRITICAL"
    ]
    found.sort(key=lambda alarm: (_WORST.get(alarm.status, len(_WORST)), -alarm.last_status_change))
    notes = [] if answer.status else ["Netdata's health monitoring is switched off there."]
    if len(found) > MAX_ALARMS:
        notes.append(f"The first {MAX_ALARMS} of {len(found):,}.")
    return Alarms([_alarm(alarm) for alarm in found[:MAX_ALARMS]], " ".join(notes))


def _alarm(alarm: _Alarm) -> Alarm:
    value = alarm.value_string or f"{number_text(alarm.value)} {alarm.units}".strip()
    info = alarm.info or alarm.summary
    return Alarm(
        alarm.name[:MAX_TEXT],
        alarm.chart[:MAX_TEXT],
        alarm.status,
        value[:MAX_TEXT],
        info[:MAX_TEXT],
        time_text(alarm.last_status_change),
    )
