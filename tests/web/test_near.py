"""GET /state/near: where a point is, by a place that is near, for who has a map."""

from __future__ import annotations

import pytest

from tests.web.kit.asgi import Client

BERN = "lng=7.44&lat=46.95"


async def test_where_no_place_is_known_the_answer_is_null(client: Client, session: str) -> None:
    answer = await client.get(f"/state/near?session={session}&{BERN}")
    assert (answer.status, answer.json) == (200, {"near": None})


async def test_it_is_for_who_has_a_map(client: Client) -> None:
    assert (await client.get(f"/state/near?session=never-issued&{BERN}")).status == 404


@pytest.mark.parametrize(
    "point", ["", "lng=7", "lng=x&lat=1", "lng=181&lat=0", "lng=0&lat=91", "lng=nan&lat=0", "lng=inf&lat=1"]
)
async def test_what_is_no_point_is_refused(client: Client, session: str, point: str) -> None:
    answer = await client.get(f"/state/near?session={session}&{point}")
    assert answer.status == 422 and "expected degrees" in answer.json["error"]["message"]
