"""An error reads alike whichever application tells of it."""

from __future__ import annotations

import pytest

from mapsrv.asgi.error_body import error_body, error_headers, rpc_error_body
from mapsrv.errors import Draining, MapsrvError, TooLarge, TooMany, Unauthorized


def test_the_plain_body_says_code_message_and_whether_to_try_again() -> None:
    assert error_body(TooMany("Later.")) == {
        "error": {"code": "too_many", "message": "Later.", "temporary": True}
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [(TooLarge("Less."), -32600), (Draining("Soon."), -32603), (MapsrvError("Oh."), -32603)],
)
def test_the_json_rpc_body_has_the_plain_one_as_its_data(error: MapsrvError, code: int) -> None:
    said = {"code": code, "message": error.message, "data": error_body(error)["error"]}
    assert rpc_error_body(error) == {"jsonrpc": "2.0", "id": None, "error": said}


def test_headers_say_when_to_come_again_and_that_a_key_is_wanted() -> None:
    assert error_headers(TooLarge("Less.")) == {}
    assert error_headers(TooMany("Later.", retry_after=3)) == {"retry-after": "3"}
    assert error_headers(Unauthorized("A key.")) == {"www-authenticate": "Bearer"}
