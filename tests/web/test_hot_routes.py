"""The routes that are answered before Quart are answered by it alike: the same status, head and body."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import trio

from mapsrv.web.app import SiteApp
from mapsrv.web.routes import ROUTES
from tests.web.kit.asgi import Answer, Client

TITLE = b'{"command": "open_map", "arguments": {"title": "Lakes"}, "id": "k1"}'
JSON = {"content-type": "application/json"}
BROWSER = {"cookie": "mapsrv_viewer=abcdefghijklmnopqrst; other=1"}
REQUESTS: dict[str, tuple[str, str, dict[str, str], list[bytes | None]]] = {
    "a command": ("POST", "/commands?session=ID", JSON, [TITLE]),
    "a command in parts": ("POST", "/commands?session=ID&name=%C3%89va", JSON, [TITLE[:9], TITLE[9:]]),
    "of somebody": ("POST", "/commands?session=ID", JSON | BROWSER, [TITLE]),
    "with a length": ("POST", "/commands?session=ID", JSON | {"content-length": str(len(TITLE))}, [TITLE]),
    "too long": ("POST", "/commands?session=ID", JSON | {"content-length": "9999999"}, [None]),
    "a length that is none": ("POST", "/commands?session=ID", JSON | {"content-length": "x"}, [TITLE]),
    "too long without saying": ("POST", "/commands?session=ID", JSON, [b" " * 700_000] * 2),
    "never whole": ("POST", "/commands?session=ID", JSON, [b"{", None]),
    "no JSON": ("POST", "/commands?session=ID", JSON, [b"{'a'}"]),
    "an unknown call": ("POST", "/commands?session=ID", JSON, [b'{"command": "fly", "arguments": {}}']),
    "a wrong argument": (
        "POST",
        "/commands?session=ID",
        JSON,
        [b'{"command": "set_basemap", "arguments": {"name": 3}}'],
    ),
    "no type": ("POST", "/commands?session=ID", {}, [TITLE]),
    "a type with parameters": (
        "POST",
        "/commands?session=ID",
        {"content-type": "Application/JSON; charset=utf-8"},
        [TITLE],
    ),
    "packed": ("POST", "/commands?session=ID", JSON | {"content-encoding": "gzip"}, [TITLE]),
    "no map": ("POST", "/commands", JSON, [TITLE]),
    "an empty map": ("POST", "/commands?session=", JSON, [TITLE]),
    "two maps": ("POST", "/commands?session=ID&session=other", JSON, [TITLE]),
    "an unknown map": ("POST", "/commands?session=nobody", JSON, [TITLE]),
    "a map that is none": ("POST", "/commands?session=%C3%A9", JSON, [TITLE]),
    "another host": ("POST", "/commands?session=ID", JSON | {"host": "evil.example"}, [TITLE]),
    "another page": ("POST", "/commands?session=ID", JSON | {"origin": "https://evil.example"}, [TITLE]),
    "another site": ("POST", "/commands?session=ID", JSON | {"sec-fetch-site": "cross-site"}, [TITLE]),
    "another method": ("PUT", "/commands?session=ID", JSON, [TITLE]),
    "a slash behind": ("POST", "/commands/?session=ID", JSON, [TITLE]),
    "presence": ("POST", "/presence?session=ID", JSON, [b'{"viewer": "tab", "visible": true}']),
    "presence of nobody": ("POST", "/presence?session=ID", JSON, [b"{}"]),
    "events of no map": ("GET", "/events?session=nobody", {}, [b""]),
    "events of another page": ("GET", "/events?session=ID", {"origin": "https://evil.example"}, [b""]),
    "the head of events": ("HEAD", "/events?session=ID", {}, [b""]),
    "the options of events": ("OPTIONS", "/events?session=ID", {}, [b""]),
}


def masked(text: str, session: str) -> str:
    """Return it without what is drawn for each."""
    text = re.sub(r"[0-9a-f]{16}\.(\d+)\.[0-9a-f]{8}", r"EPOCH.\1.CHECK", text.replace(session, "ID"))
    text = re.sub(r"mapsrv_(viewer|session)=[\w-]{22}", r"mapsrv_\1=DRAWN", text)
    text = re.sub(r'"(at|id)":"[^"]+"', r'"\1":DRAWN', text)
    text = re.sub(r"Expires=[^;]+;", "Expires=DRAWN;", text)
    return re.sub(r"retry: ?\d+", "retry: DRAWN", text)


def told(answer: Answer, session: str) -> Any:
    headers = sorted((name, masked(value, session)) for name, value in answer.headers)
    return answer.status, headers, masked(answer.body.decode(), session)


@pytest.mark.parametrize("named", REQUESTS)
async def test_a_request_is_answered_alike_both_ways(
    app: SiteApp, autojump_clock: object, named: str
) -> None:
    method, target, headers, parts = REQUESTS[named]
    answers = []
    for way in (app, app.quart):
        client = Client(way)
        session = (await client.post("/sessions", {})).json["session_id"]
        target_of_it = target.replace("ID", session)
        answers.append(told(await client.ask(method, target_of_it, dict(headers), list(parts)), session))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("cookies", [{}, BROWSER])
@pytest.mark.parametrize("target", ["/events?session=ID&viewer=tab&name=Ana", "/events"])
async def test_a_stream_is_alike_both_ways(
    app: SiteApp, autojump_clock: object, target: str, cookies: dict[str, str]
) -> None:
    answers = []
    for way in (app, app.quart):
        client = Client(way)
        made = (await client.post("/sessions", {})).json["session_id"]
        async with client.stream(target.replace("ID", made), **cookies) as stream:
            assert stream.answer is not None
            session = stream.answer.cookies.get("mapsrv_session", made).partition(";")[0]
            await trio.sleep(1)  # presence goes out at ticks
            await client.post(f"/commands?session={session}", json.loads(TITLE))
            await trio.sleep(1)
            answers.append(told(stream.answer, session))
        await trio.sleep(1)  # the end is told at a tick too
    assert "event: event" in answers[0][2]
    assert answers[0] == answers[1]


def test_what_a_page_asks_all_the_time_is_hot() -> None:
    assert {route.path for route in ROUTES if route.hot} == {"/events", "/commands", "/presence"}


async def test_who_leaves_in_the_middle_of_a_body_is_no_fault_of_the_server(
    app: SiteApp, client: Client, session: str, caplog: pytest.LogCaptureFixture
) -> None:
    parts: list[bytes | None] = [b"{", None]
    async with client.exchange("POST", f"/commands?session={session}", JSON, parts) as exchange:
        await trio.testing.wait_all_tasks_blocked()
        exchange.gone.set()
    assert exchange.answer is None and not caplog.records
