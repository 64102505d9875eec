"""Run by test_sqlite_crash.py to be killed: commits for ever, and prints what was acknowledged.

Arguments: the path, what to do (commit, blobs, hold), and a word that makes its keys new.
"""

from __future__ import annotations

import sys

import trio

from mapsrv.store import Batch, Component, Entry, KeyRecord, Ok
from mapsrv.store.sqlite import open_sqlite

SESSIONS = ["s0", "s1", "s2"]
EVENTS = 4


async def commit(store, word: str) -> None:
    heads = {name: (await store.load(name)).head for name in SESSIONS}
    number = 0
    while True:
        batches = []
        for name in SESSIONS:
            head, entries = heads[name], []
            for i in range(EVENTS):
                key, body = f"{word}.{number}.{i}", b"%d" % number * 50
                head = head.next(key, body)
                entries.append(Entry(body, KeyRecord(key, key, b"{}", head)))
            title = Component(f"{word}.{number}".encode())
            batches.append(Batch(name, heads[name], tuple(entries), {"title": title}))
            heads[name] = head
        assert await store.commit(batches) == [Ok()] * 3
        print(f"{word}.{number}", flush=True)
        number += 1


async def blobs(store, word: str) -> None:
    number = 0
    while True:
        name = f"{word}.{number}"
        await store.put_blob(name, name.encode() * 300_000, now=1)
        print(name, flush=True)
        number += 1


async def main(path: str, what: str, word: str) -> None:
    async with open_sqlite(path) as store:
        if what == "hold":
            await store.announce("http://127.0.0.1:8081/")
            print("held", flush=True)
            await trio.sleep_forever()
        await {"commit": commit, "blobs": blobs}[what](store, word)


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
