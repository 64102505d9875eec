"""Logs from Loki's HTTP API: its answers as lines in order, as many as a result has room for.

The API: grafana.com/docs/loki/latest/reference/loki-http-api, as of Loki 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from mapsrv.errors import InvalidArgument
from mapsrv.stdio_servers.backend import Backend, End, NotAnswered, Params, Since, parse_range

MAX_LINES = 1_000
MAX_LINE = 4_000  # characters; what is longer is cut
MAX_RESULT = 128 * 1024  # characters of lines and labels
MAX_LABELS = 1_000
MAX_QUERY = 4_000  # characters; it goes into an address
# Labels that nearly every line of a deployment has, the likeliest first.
USUAL = ("service_name", "job", "app", "container", "compose_service", "namespace", "host", "filename")
ERRORS = r"(?i)\b(error|err|fatal|panic|critical|crit|emerg|exception|traceback)\b"

Direction: TypeAlias = Literal["backward", "forward"]
Query = Annotated[str, msgspec.Meta(min_length=2, max_length=MAX_QUERY)]
Selector = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\{[\s\S]*\})?$",
        max_length=MAX_QUERY,
        description='Whose logs, as a stream selector such as {job="web"}; empty: all',
    ),
]


class SearchLogs(msgspec.Struct, forbid_unknown_fields=True):
    """Search the logs in Loki by a LogQL log query. The newest lines come first unless told otherwise."""

    query: Annotated[Query, msgspec.Meta(description='A LogQL log query, such as {job="web"} |= "timeout"')]
    since: Since = "1h"
    end: End = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LINES, description="How many lines at most")] = 100
    direction: Annotated[
        Direction, msgspec.Meta(description="backward: the newest lines; forward: the oldest")
    ] = "backward"


class GetRecentErrors(msgspec.Struct, forbid_unknown_fields=True):
    """Read the newest log lines that look like errors: error, fatal, panic, exception and the like."""

    since: Since = "1h"
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LINES, description="How many lines at most")] = 50
    selector: Selector = ""


class ListLabels(msgspec.Struct, forbid_unknown_fields=True):
    """List the labels that logs have in Loki, or the values of one label, to write queries with."""

    label: Annotated[
        str,
        msgspec.Meta(
            pattern="^([A-Za-z_][A-Za-z0-9_]*)?$",
            max_length=200,
            description="The label whose values are asked for; empty: the labels' names",
        ),
    ] = ""
    selector: Selector = ""
    since: Since = "6h"


class Line(msgspec.Struct):
    time: str
    labels: dict[str, str]
    line: str


class Lines(msgspec.Struct, omit_defaults=True):
    """`note` says what was cut or how it was searched."""

    lines: list[Line]
    note: str = ""


class Labels(msgspec.Struct, omit_defaults=True):
    labels: list[str]
    note: str = ""


class _Stream(msgspec.Struct):
    stream: dict[str, str]
    values: list[tuple[Any, ...]]


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _QueryAnswer(msgspec.Struct):
    data: _Data


class _LabelsAnswer(msgspec.Struct):
    status: Literal["success"]
    data: list[str] | None = None  # Loki leaves it out where there is none


async def search_logs(loki: Backend, call: SearchLogs) -> Lines:
    """Return the lines that a query finds; raises MapsrvError."""
    start, end = parse_range(call.since, call.end)
    params: Params = {
        "query": call.query,
        "start": _nanoseconds(start),
        "end": _nanoseconds(end),
        "limit": call.limit,
        "direction": call.direction,
    }
    answer = await loki.get("/loki/api/v1/query_range", _QueryAnswer, params)
    if answer.data.result_type != "streams":
        raise InvalidArgument(
            f"That query computes a {answer.data.result_type}; search_logs reads lines. Leave out functions"
            ' such as rate() and sum(): {job="web"} |= "timeout".'
        )
    newest_first = call.direction == "backward"
    try:
        streams = msgspec.json.decode(answer.data.result, type=list[_Stream])
        found = list(merge(*map(_stamped, streams), key=_stamp, reverse=newest_first))
    except (msgspec.ValidationError, ValueError, TypeError, IndexError) as error:
        raise NotAnswered(f"What Loki answered is not what its API says: {error}. Check LOKI_URL.") from error
    return _lines(found, call.limit)


async def recent_errors(loki: Backend, call: GetRecentErrors) -> Lines:
    """Return the newest lines that look like errors; raises MapsrvError."""
    note, selector = "", call.selector
    if not selector:
        names = (await labels(loki, ListLabels(since=call.since))).labels
        if not names:
            return Lines([], f"Loki has no logs of the last {call.since}.")
        label = next((name for name in USUAL if name in names), names[0])
        # Loki wants one matcher that cannot match nothing, and no label is sure to be everywhere.
        selector, note = f'{{{label}=~".+"}}', f"Searched were logs that have the label {label}."
    query = f"{selector} |~ `{ERRORS}`"
    found = await search_logs(loki, SearchLogs(query=query, since=call.since, limit=call.limit))
    return Lines(found.lines, " ".join(filter(None, (note, found.note))))


async def labels(loki: Backend, call: ListLabels) -> Labels:
    """Return the labels' names, or one label's values; raises MapsrvError."""
    start, end = parse_range(call.since, "")
    params: Params = {"start": _nanoseconds(start), "end": _nanoseconds(end)}
    if call.selector:
        params["query"] = call.selector
    path = f"/loki/api/v1/label/{call.label}/values" if call.label else "/loki/api/v1/labels"
    found = (await loki.get(path, _LabelsAnswer, params)).data or []
    note = (
        f"The first {MAX_LABELS:,} of {len(found):,}; narrow them by a selector."
        if len(found) > MAX_LABELS
        else ""
    )
    return Labels([name[:MAX_LINE] for name in found[:MAX_LABELS]], note)


def told(found: Lines) -> str:
    """Return lines as a text, one log line each."""
    texts = [
        f"{line.time} {{{', '.join(f'{name}={value}' for name, value in line.labels.items())}}} {line.line}"
        for line in found.lines
    ]
    return "\n".join([*texts, *([found.note] if found.note else [])]) or "No lines were found."


def _nanoseconds(when: datetime) -> int:
    return int(when.timestamp()) * 10**9 + when.microsecond * 1000


def _stamp(item: tuple[int, dict[str, str], str]) -> int:
    return item[0]


def _stamped(stream: _Stream) -> Iterator[tuple[int, dict[str, str], str]]:
    """Yield a stream's lines, which Loki has in the order that was asked for. A third value is metadata."""
    for value in stream.values:
        yield int(value[0]), stream.stream, str(value[1])


def _lines(found: list[tuple[int, dict[str, str], str]], limit: int) -> Lines:
    lines: list[Line] = []
    room = MAX_RESULT
    for stamp, names, text in found[:limit]:
        cut = text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}… ({len(text):,} characters)"
        room -= len(cut) + sum(len(name) + len(value) for name, value in names.items())
        if room < 0:
            return Lines(
                lines, f"Only {len(lines):,} of {len(found):,} lines fit here. Narrow the query or the time."
            )
        lines.append(Line(_time(stamp), names, cut))
    full = f"There may be more: {limit:,} lines were asked for." if len(found) >= limit else ""
    return Lines(lines, full)


def _time(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
