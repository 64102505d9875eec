"""The monitoring server as its clients see it, over stdio, on a stand-in that answers as documented."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from tests.kit.ports import free_port
from tests.stdio_servers.kit.standin import LINES, MATRIX, alarm, alarms, standing_in
from tests.stdio_servers.kit.talk import ask, ended, refused, talking

FOO = {
    "time": "2019-09-23T19:21:37.240578000Z",
    "labels": {"filename": "/var/log/myproject.log", "job": "varlogs", "level": "info"},
    "line": "foo",
}
BAR = {**FOO, "time": "2019-09-23T19:21:32.548155000Z", "line": "bar"}
BOO = {
    "time": "2019-09-23T19:21:34.000000001Z",
    "labels": {"job": "varlogs", "level": "error"},
    "line": "boo",
}


async def test_the_tools_are_told_as_reading_ones_with_all_they_take_and_answer():
    async with talking("monitoring") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search_logs", "get_recent_errors", "list_labels", "query_metrics", "get_alarms"}
    for tool in tools.values():
        assert tool.description and tool.annotations and tool.annotations.read_only_hint
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema and tool.output_schema["type"] == "object"
        assert "$ref" not in json.dumps([tool.input_schema, tool.output_schema])
    assert tools["search_logs"].input_schema["required"] == ["query"]


async def test_log_lines_of_all_streams_come_in_order():
    async with standing_in() as (loki, url), talking("monitoring", LOKI_URL=url) as client:
        found = await ask(client, "search_logs", query='{job="varlogs"}', since="2h", limit=5)
        assert found == {"lines": [FOO, BOO, BAR]}
        asked = loki.last()
        assert int(asked["end"]) - int(asked["start"]) == 2 * 3600 * 10**9
        assert abs(int(asked["end"]) / 10**9 - time.time()) < 60
        assert (asked["query"], asked["limit"], asked["direction"]) == ('{job="varlogs"}', "5", "backward")

        forward = {
            "streams": [{**stream, "values": stream["values"][::-1]} for stream in LINES["data"]["result"]]
        }
        data = {"resultType": "streams", "result": forward["streams"]}
        loki.answers["/loki/api/v1/query_range"] = (200, {"status": "success", "data": data})
        call = {"query": "{a=`b`}", "direction": "forward", "end": "2019-09-23T21:30:00+02:00"}
        result = await client.call_tool("search_logs", call)
        assert result.structured_content == {"lines": [BAR, BOO, FOO]}
        assert loki.last()["end"] == str(int(datetime(2019, 9, 23, 19, 30, tzinfo=UTC).timestamp()) * 10**9)
        assert result.content[0].text.splitlines()[1] == (
            "2019-09-23T19:21:34.000000001Z {job=varlogs, level=error} boo"
        )


async def test_long_lines_and_many_lines_are_cut_and_say_so():
    async with standing_in() as (loki, url), talking("monitoring", LOKI_URL=url) as client:
        values = [[str(10**18 - number), "x" * 5_000] for number in range(60)]
        data = {"resultType": "streams", "result": [{"stream": {"job": "a"}, "values": values}]}
        loki.answers["/loki/api/v1/query_range"] = (200, {"status": "success", "data": data})
        found = await ask(client, "search_logs", query='{job="a"}', limit=3)
        assert [line["line"][-18:] for line in found["lines"]] == ["x… (5,000 characters)"[-18:]] * 3
        assert found["note"] == "There may be more: 3 lines were asked for."
        found = await ask(client, "search_logs", query='{job="a"}', limit=1_000)
        assert len(found["lines"]) == 32
        assert found["note"] == "Only 32 of 60 lines fit here. Narrow the query or the time."


async def test_recent_errors_are_looked_for_where_there_are_logs():
    async with standing_in() as (loki, url), talking("monitoring", LOKI_URL=url) as client:
        found = await ask(client, "get_recent_errors")
        assert found == {"lines": [FOO, BOO, BAR], "note": "Searched were logs that have the label job."}
        assert loki.last()["query"].startswith('{job=~".+"} |~ `(?i)') and loki.last()["limit"] == "50"
        found = await ask(client, "get_recent_errors", selector='{app="web"}', since="1d")
        assert found == {"lines": [FOO, BOO, BAR]} and loki.last()["query"].startswith('{app="web"} |~ `')
        loki.answers["/loki/api/v1/labels"] = (200, {"status": "success"})
        found = await ask(client, "get_recent_errors")
        assert found == {"lines": [], "note": "Loki has no logs of the last 1h."}


async def test_labels_and_their_values_are_listed():
    async with standing_in() as (loki, url), talking("monitoring", LOKI_URL=f"{url}/") as client:
        assert await ask(client, "list_labels") == {"labels": ["foo", "bar", "job"]}
        named = await ask(client, "list_labels", label="job", selector='{a="b"}')
        assert named == {"labels": ["cat", "dog", "axolotl"]} and loki.last()["query"] == '{a="b"}'
        many = [str(number) for number in range(1_200)]
        loki.answers["/loki/api/v1/labels"] = (200, {"status": "success", "data": many})
        found = await ask(client, "list_labels")
        assert (len(found["labels"]), found["note"]) == (
            1_000,
            "The first 1,000 of 1,200; narrow them by a selector.",
        )


async def test_a_charts_points_come_with_their_units():
    async with standing_in() as (netdata, url), talking("monitoring", NETDATA_URL=url) as client:
        call = {
            "chart": "nginx_local.connections",
            "dimensions": ["active", "a b"],
            "points": 3,
            "since": "30m",
        }
        result = await client.call_tool("query_metrics", {**call, "end": "2018-10-27T13:00", "group": "max"})
        assert result.structured_content == {
            "chart": "nginx_local.connections",
            "title": "Nginx Active Connections (nginx_local.connections)",
            "units": "connections",
            "dimensions": ["active"],
            "points": [
                {"time": "2018-10-27T12:50:00Z", "values": [224.2516667]},
                {"time": "2018-10-27T12:40:00Z", "values": [None]},
                {"time": "2018-10-27T12:30:00Z", "values": [222]},
            ],
        }
        assert result.content[0].text.splitlines()[1:] == [
            "time,active",
            "2018-10-27T12:50:00Z,224.2516667",
            "2018-10-27T12:40:00Z,",
            "2018-10-27T12:30:00Z,222",
        ]
        assert netdata.asked[-1] == (
            "/api/v1/data",
            {
                "chart": ["nginx_local.connections"],
                "dimension": ["active", "a b"],
                "after": ["1540643400"],
                "before": ["1540645200"],
                "points": ["3"],
                "group": ["max"],
                "format": ["json"],
            },
        )


async def test_points_without_room_are_cut_and_a_gap_is_told():
    async with standing_in() as (netdata, url), talking("monitoring", NETDATA_URL=url) as client:
        names = [f"d{number}" for number in range(1_000)]
        rows = {
            "labels": ["time", *names],
            "data": [[1540644600 - row, *([1.5] * 1_000)] for row in range(60)],
        }
        netdata.answers["/api/v1/data"] = (200, rows)
        found = await ask(client, "query_metrics", chart="apps.cpu")
        assert len(found["points"]) == 10
        assert found["note"] == "Only 10 of 60 points fit here; name fewer `dimensions`."
        netdata.answers["/api/v1/data"] = (200, {"labels": [], "data": []})
        found = await ask(client, "query_metrics", chart="apps.cpu")
        assert found["note"] == "Netdata has nothing of that time." and "points" not in found


async def test_charts_are_listed_and_searched():
    async with standing_in() as (netdata, url), talking("monitoring", NETDATA_URL=url) as client:
        assert [chart["id"] for chart in (await ask(client, "query_metrics"))["charts"]] == [
            "nginx_local.connections",
            "system.cpu",
        ]
        result = await client.call_tool("query_metrics", {"search": "TOTAL cpu"})
        (cpu,) = result.structured_content["charts"]
        assert (cpu["id"], cpu["context"], cpu["dimensions"]) == ("system.cpu", "system.cpu", ["active"])
        assert result.content[0].text == "system.cpu: Total CPU utilization (system.cpu), in connections"
        assert await ask(client, "query_metrics", search="no such") == {}
        netdata.answers["/api/v1/chart"] = (404, b"Chart is not found: system.gpu")
        words = await refused(client, "query_metrics", chart="system.gpu")
        assert words.startswith("Netdata refused this: Chart is not found: system.gpu. Leave `chart` out")
        many = {"charts": {str(number): {"id": f"chart {number}"} for number in range(150)}}
        netdata.answers["/api/v1/charts"] = (200, many)
        found = await ask(client, "query_metrics", search="chart")
        assert len(found["charts"]) == 100
        assert found["note"] == "The first 100 of 150; look for less by `search`."


async def test_alarms_come_the_worst_first():
    warning, critical = alarm("busy", "WARNING", 1540644000), alarm("full", "CRITICAL", 1540643400)
    async with standing_in() as (netdata, url), talking("monitoring", NETDATA_URL=url) as client:
        assert await ask(client, "get_alarms") == {"alarms": []}
        assert netdata.last() == {"active": "true"}
        netdata.answers["/api/v1/alarms"] = (200, alarms(warning, critical))
        found = await ask(client, "get_alarms")
        assert found["alarms"][0] == {
            "name": "full",
            "chart": "system.cpu",
            "status": "CRITICAL",
            "value": "91.5%",
            "info": "average CPU utilization over the last 10 minutes",
            "changed": "2018-10-27T12:30:00Z",
        }
        assert [each["name"] for each in found["alarms"]] == ["full", "busy"]
        only = await ask(client, "get_alarms", status="critical")
        assert [each["name"] for each in only["alarms"]] == ["full"]
        silent = [alarm(f"fine{number}", "CLEAR", number) for number in range(250)]
        netdata.answers["/api/v1/alarms"] = (200, alarms(*silent, warning, health=False))
        found = await ask(client, "get_alarms", status="all")
        assert netdata.last() == {"all": "true"}
        assert (len(found["alarms"]), found["alarms"][0]["name"]) == (200, "busy")
        assert found["note"] == "Netdata's health monitoring is switched off there. The first 200 of 251."


LOGS = {"query": '{job="a"}'}
WRONG = [
    ("search_logs", {}, "missing required field `query`"),
    ("search_logs", {**LOGS, "limt": 5}, "unknown field `limt`"),
    ("search_logs", {**LOGS, "limit": 1_001}, "`int` <= 1000 - at `$.limit`"),
    ("search_logs", {**LOGS, "since": "a while"}, "matching regex"),
    ("search_logs", {**LOGS, "since": "5w"}, "`since` is 5w; 30d is the most"),
    ("search_logs", {**LOGS, "end": "yesterday"}, "`end` is 'yesterday', which is no time"),
    ("search_logs", {**LOGS, "end": "2026-13-01T00:00:00Z"}, "which is no time"),
    ("search_logs", {**LOGS, "direction": "up"}, "Invalid enum value 'up'"),
    ("get_recent_errors", {"selector": "job=a"}, "matching regex"),
    ("list_labels", {"label": "../../secret"}, "matching regex"),
    ("query_metrics", {"chart": "a", "points": 501}, "`int` <= 500"),
    ("query_metrics", {"chart": "a\0"}, "no U+0000"),
    ("get_alarms", {"status": "loud"}, "Invalid enum value 'loud'"),
]


async def test_a_wrong_argument_is_told_before_anything_is_asked():
    async with standing_in() as (service, url), talking(
        "monitoring", LOKI_URL=url, NETDATA_URL=url
    ) as client:
        for name, arguments, words in WRONG:
            assert words in await refused(client, name, **arguments)
        assert service.asked == []


async def test_a_service_that_is_not_set_up_is_told_and_the_other_one_works():
    async with standing_in() as (_, url), talking("monitoring", NETDATA_URL=url) as client:
        for name, call in {"search_logs": LOGS, "get_recent_errors": {}, "list_labels": {}}.items():
            words = await refused(client, name, **call)
            assert words.startswith("Loki is not set up here.") and "LOKI_URL" in words
        assert await ask(client, "get_alarms") == {"alarms": []}
    async with talking("monitoring") as client:
        for name in ("query_metrics", "get_alarms"):
            assert (await refused(client, name)).startswith("Netdata is not set up here.")


RANGE, READ = "/loki/api/v1/query_range", "/api/v1/alarms"
FAULTS = [
    (
        RANGE,
        400,
        b"parse error at line 1, col 5: syntax error",
        "Loki refused this: parse error at line 1, col 5",
    ),
    (RANGE, 401, b"no", "Loki asks for a name and a password."),
    (
        RANGE,
        429,
        b"too many outstanding requests",
        "Loki cannot answer now: 429, too many outstanding requests.",
    ),
    (RANGE, 500, b"", "Loki cannot answer now: 500, nothing more."),
    (RANGE, 302, b"", "Loki answered 302, which its API does not. Check LOKI_URL."),
    (RANGE, 200, b"<html>", "What Loki answered is not what its API says"),
    (RANGE, 200, b'{"status":"success","data":{}}', "missing required field `resultType`"),
    (
        RANGE,
        200,
        b'{"data":{"resultType":"streams","result":[{"stream":{},"values":[["x","y"]]}]}}',
        "API says",
    ),
    (RANGE, 200, b'{"data":{"resultType":"streams","result":[{"stream":{},"values":[[]]}]}}', "API says"),
    (RANGE, 200, MATRIX, "That query computes a matrix; search_logs reads lines."),
    (RANGE, 200, b" " * (16 * 2**20 + 1), "Loki's answer is over 16 MiB."),
    (READ, 404, b"File does not exist, or is not accessible", "Netdata refused this: File does not exist"),
    (READ, 503, b"starting", "Netdata cannot answer now: 503, starting."),
    (READ, 200, b'{"status": true, "alarms": []}', "What Netdata answered is not what its API says"),
    (READ, 200, b"\xff", "What Netdata answered is not what its API says"),
]


async def test_what_a_service_answers_wrongly_is_told_as_what_to_do():
    async with standing_in() as (service, url), talking(
        "monitoring", LOKI_URL=url, NETDATA_URL=url
    ) as client:
        for path, status, body, words in FAULTS:
            service.answers[path] = (status, body)
            name, call = ("search_logs", LOGS) if path == RANGE else ("get_alarms", {})
            told = await refused(client, name, **call)
            assert words in told and len(told) < 1_000
        service.answers[RANGE] = (200, LINES)
        assert len((await ask(client, "search_logs", **LOGS))["lines"]) == 3


async def test_a_service_that_is_away_is_told_without_its_password():
    away = f"http://ana:s3cret@127.0.0.1:{free_port()}"
    async with talking("monitoring", LOKI_URL=away, HTTP_PROXY="http://127.0.0.1:1") as client:
        words = await refused(client, "list_labels")
        assert words.startswith("Loki cannot be reached (") and "LOKI_URL" in words and "s3cret" not in words


@pytest.mark.parametrize("variable", ["LOKI_URL", "NETDATA_URL"])
async def test_an_address_that_cannot_be_one_is_told_in_a_sentence(variable: str):
    told = f"{variable} is not an address. Give it as http://HOST:PORT, or with a path.\n"
    assert await ended("monitoring", **{variable: "ftp://ana:s3cret@loki"}) == (1, "", told)


async def test_the_end_of_stdin_ends_the_server_quietly():
    assert await ended("monitoring") == (0, "", "")
