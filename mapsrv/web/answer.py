"""What a view answers, whichever way it goes out: of no framework."""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags

from mapsrv.asgi.error_body import error_body, error_headers
from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError
from mapsrv.web.ask import Ask
from mapsrv.web.page import File
from mapsrv.web.stream import Stream
from mapsrv.wire import codec

JSON = "application/json"


@dataclass(slots=True)
class Answer:
    """The head and the body. Names of headers are in lower case; `cookies` are lines of Set-Cookie."""

    body: bytes | Stream = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    error: MapsrvError | None = None  # that it tells of

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Return them as ASGI has them."""
        lines = [*self.headers.items(), *(("set-cookie", cookie) for cookie in self.cookies)]
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]


def json_answer(body: Json | bytes, status: int = 200) -> Answer:
    """Return an answer of JSON, given as a value or encoded; never cached."""
    encoded = body if isinstance(body, bytes) else codec.dumps(body)
    return Answer(encoded, status, {"content-type": JSON, "cache-control": "no-store"})


def tagged(ask: Ask, body: bytes, etag: str, content_type: str, cache: str) -> Answer:
    """Return an answer with an ETag: 304 without the body when the client has that already."""
    headers = {"cache-control": cache, "etag": f'"{etag}"'}
    if parse_etags(ask.header("if-none-match")).contains_weak(etag):
        return Answer(status=304, headers=headers)
    return Answer(body, headers=headers | {"content-type": content_type})


def file_answer(ask: Ask, file: File) -> Answer:
    """Return one of the page's files, compressed as the build left it, where the client takes that."""
    taken = parse_accept_header(ask.header("accept-encoding"), Accept)
    encoding = next((name for name in file.encoded if taken.quality(name) > 0), None)
    if encoding is None:
        answer = tagged(ask, file.body, file.etag, file.type, file.cache)
    else:
        answer = tagged(ask, file.encoded[encoding], f"{file.etag}-{encoding}", file.type, file.cache)
        answer.headers["content-encoding"] = encoding
    if file.encoded:
        answer.headers["vary"] = "accept-encoding"
    return answer


def error_answer(error: MapsrvError) -> Answer:
    """Return an error as every route answers it."""
    answer = json_answer(error_body(error), error.status)
    answer.headers.update(error_headers(error))
    answer.error = error
    return answer


def open_to_all(answer: Answer) -> Answer:
    """Let other sites' pages read it, without credentials."""
    answer.headers["access-control-allow-origin"] = "*"
    return answer
