"""What processes tell each other of a map: what each says the others read, and nothing else."""

from __future__ import annotations

import pytest

from mapsrv.wire import told


def test_processes_read_what_they_tell_each_other() -> None:
    here, away = [b'{"id":"a"}', b'{"id":"b"}'], [b'{"id":"c"}']
    read = told.read_told(told.told("pod", 30, here, away))
    assert read == told.Told("pod", 30, [{"id": "a"}, {"id": "b"}, {"id": "c"}], 2)
    assert told.read_told(told.turn("pod")) == told.Turn("pod")
    assert told.read_told(told.who("pod")) == told.Who("pod")
    older = told.read_told(b'{"pod":"p","count":1,"viewers":[{"id":"a"}]}')
    assert older.here == 1, "an earlier release does not say who has a stream"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"pod":"p","count":1}',
        b'{"pod":"p","who":1}',
        b'{"pod":1,"count":1,"viewers":[]}',
        b'{"pod":"p","count":1.5,"viewers":[]}',
        b'{"pod":"p","count":-1,"viewers":[]}',
        b'{"pod":"p","count":10000000,"viewers":[]}',
        b'{"pod":"p","count":1,"viewers":{}}',
        b'{"pod":"p","count":1,"viewers":[],"here":"x"}',
        b'{"pod":"' + b"p" * 100 + b'","count":1,"viewers":[]}',
        b'{"pod":"p","count":1,"viewers":["' + b"x" * told.MAX_TOLD + b'"]}',
        b'{"pod":"p","count":1,"viewers":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=range(14),
)
def test_what_no_process_tells_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        told.read_told(body)
