"""Whatever the store: what does not read as it was written refuses its map or document, and ends nothing."""

from __future__ import annotations

from hashlib import sha256

import pytest

from mapsrv.core.log import Head
from mapsrv.errors import StoreDamaged
from mapsrv.hub.replicas.load import restored
from mapsrv.prepare.geojson_blobs import INLINE, Documents
from mapsrv.store import Entry, KeyRecord, StoredSession
from mapsrv.store.memory import open_memory

HEAD = Head.of_epoch("e")


def stored(*, title: bytes = b'"x"', answer: bytes = b'{"changed":[],"warnings":[]}') -> StoredSession:
    head = HEAD.next("k1", b"{}")
    record = KeyRecord("k1", "print", answer, head)
    return StoredSession(head, {"title": title}, HEAD, (Entry(b"{}", record, ()),), (record,))


async def test_a_session_that_reads_is_restored():
    assert (await restored(stored())).state.title == "x"


@pytest.mark.parametrize("title", [b"{", b"3", b"\xff", b"[" * 100_000])
async def test_a_part_that_does_not_read_is_damage_told_by_its_name(title):
    with pytest.raises(StoreDamaged, match="map_state does not parse at 'title': have it put back"):
        await restored(stored(title=title))


@pytest.mark.parametrize("answer", [b"{", b"[]", b"3", b'{"changed":3,"warnings":[]}', b"\xff"])
async def test_an_answer_that_does_not_read_is_damage_told_to_who_asks_for_it(answer):
    session = await restored(stored(answer=answer))
    with pytest.raises(StoreDamaged, match="map_keys does not parse: have it put back"):
        session.recall("k1", "print")
    assert session.recall("k2", "print") is None and session.state.title == "x"


@pytest.mark.parametrize("size", [2, INLINE + 1])
async def test_bytes_that_are_not_their_names_are_never_given(size):
    async with open_memory() as store:
        documents = Documents(store, max_data=2**20, clock=lambda: 1.0)
        right, wrong = b"r" * size, b"w" * size
        name = sha256(right).hexdigest()
        await store.put_blob(name, wrong, now=1)
        for call in (
            documents.get(name),
            documents.renew(f"data/{name}"),
            documents.body({"data": f"data/{name}"}),
        ):
            with pytest.raises(StoreDamaged, match=f"data/{name} is not what was stored under that name"):
                await call
        assert await store.get_blob(name) == wrong
        await store.put_blob(sha256(wrong).hexdigest(), wrong, now=1)
        assert await documents.get(sha256(wrong).hexdigest()) == wrong
