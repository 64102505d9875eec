"""Metrics from a Netdata agent's HTTP API, version 1, which every release answers.

The API: learn.netdata.cloud/docs/netdata-agent/rest-api.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from mapsrv.errors import InvalidArgument
from mapsrv.stdio_servers.backend import Backend, End, Params, Since, parse_range

MAX_CHARTS = 100
MAX_POINTS = 500
MAX_VALUES = 10_000  # points times dimensions
MAX_TEXT = 300  # characters of a title or a description
MAX_NAMES = 50  # dimensions of a chart that are listed

Group: TypeAlias = Literal["average", "min", "max", "sum", "median", "stddev"]
Number: TypeAlias = float | int | None


class QueryMetrics(msgspec.Struct, forbid_unknown_fields=True):
    """Read a chart's metrics from Netdata over time, the newest first; without a chart, list the charts."""

    chart: Annotated[
        str,
        msgspec.Meta(max_length=400, description="The chart's id, such as system.cpu; empty: list charts"),
    ] = ""
    dimensions: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]],
        msgspec.Meta(max_length=50, description="Which of the chart's lines, such as user; empty: all"),
    ] = []
    since: Since = "10m"
    end: End = ""
    points: Annotated[
        int, msgspec.Meta(ge=1, le=MAX_POINTS, description="Into how many points the time is gathered")
    ] = 60
    group: Annotated[Group, msgspec.Meta(description="How the values of one point are gathered")] = "average"
    search: Annotated[
        str,
        msgspec.Meta(max_length=200, description="When listing: a text in the chart's id, title or context"),
    ] = ""


class ChartLine(msgspec.Struct):
    id: str
    title: str
    units: str
    context: str
    dimensions: list[str]


class Point(msgspec.Struct):
    time: str
    values: list[Number]


class Metrics(msgspec.Struct, omit_defaults=True):
    """Either `charts`, or a chart with its points; each point has a value for each dimension."""

    charts: list[ChartLine] = []
    chart: str = ""
    title: str = ""
    units: str = ""
    dimensions: list[str] = []
    points: list[Point] = []
    note: str = ""


class _Chart(msgspec.Struct):
    id: str
    title: str = ""
    units: str = ""
    context: str = ""
    dimensions: dict[str, Any] = {}


class _Charts(msgspec.Struct):
    charts: dict[str, _Chart]


class _Rows(msgspec.Struct):
    labels: list[str]
    data: list[list[Number]]


async def query_metrics(netdata: Backend, call: QueryMetrics) -> Metrics:
    """Return a chart's points, or the charts there are; raises MapsrvError."""
    if not call.chart:
        return await _list_charts(netdata, call.search)
    start, end = parse_range(call.since, call.end)
    try:
        chart = await netdata.get("/api/v1/chart", _Chart, {"chart": call.chart})
    except InvalidArgument as error:
        raise InvalidArgument(f"{error.message} Leave `chart` out to list the charts there are.") from None
    params: Params = {
        "chart": call.chart,
        "after": int(start.timestamp()),
        "before": int(end.timestamp()),
        "points": call.points,
        "group": call.group,
        "format": "json",
    }
    if call.dimensions:
        params["dimension"] = call.dimensions
    rows = await netdata.get("/api/v1/data", _Rows, params)
    return _metrics(chart, rows)


def told(found: Metrics) -> str:
    """Return metrics as a text: a line for each chart, or a table of the points."""
    if found.chart:
        lines = [f"{found.chart}: {found.title}, in {found.units}", ",".join(["time", *found.dimensions])]
        lines += [",".join([point.time, *map(number_text, point.values)]) for point in found.points]
    else:
        lines = [f"{chart.id}: {chart.title}, in {chart.units}" for chart in found.charts] or [
            "No chart is so."
        ]
    return "\n".join([*lines, *([found.note] if found.note else [])])


async def _list_charts(netdata: Backend, search: str) -> Metrics:
    answer = await netdata.get("/api/v1/charts", _Charts, {})
    text = search.lower()
    found = [
        chart
        for chart in answer.charts.values()
        if any(text in words.lower() for words in (chart.id, chart.title, chart.context))
    ]
    note = (
        f"The first {MAX_CHARTS} of {len(found):,}; look for less by `search`."
        if len(found) > MAX_CHARTS
        else ""
    )
    return Metrics(charts=[_chart(chart) for chart in found[:MAX_CHARTS]], note=note)


def _chart(chart: _Chart) -> ChartLine:
    names = [name[:MAX_TEXT] for name in list(chart.dimensions)[:MAX_NAMES]]
    return ChartLine(
        chart.id, chart.title[:MAX_TEXT], chart.units[:MAX_TEXT], chart.context[:MAX_TEXT], names
    )


def _metrics(chart: _Chart, rows: _Rows) -> Metrics:
    names = [name[:MAX_TEXT] for name in rows.labels[1:]]  # the first is "time"
    most = max(1, MAX_VALUES // max(1, len(names)))
    data = [row for row in rows.data if row and row[0] is not None]
    points = [Point(time_text(row[0] or 0), row[1:]) for row in data[:most]]
    note = (
        f"Only {most:,} of {len(data):,} points fit here; name fewer `dimensions`."
        if len(data) > most
        else ""
    )
    if not data:
        note = "Netdata has nothing of that time."
    return Metrics(
        chart=chart.id,
        title=chart.title[:MAX_TEXT],
        units=chart.units[:MAX_TEXT],
        dimensions=names,
        points=points,
        note=note,
    )


def number_text(value: Number) -> str:
    """Return a value as a text; a gap is empty."""
    return "" if value is None else f"{value:.10g}"


def time_text(seconds: float) -> str:
    """Return a Unix time as RFC 3339."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
