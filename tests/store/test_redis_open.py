"""Opening a store in Redis: addresses, and one sentence for each that cannot be used."""

from __future__ import annotations

import pytest
import trio

from mapsrv.errors import StartupError, StoreUnavailable
from mapsrv.store import Ok
from mapsrv.store.redis import open_redis
from mapsrv.store.redis.address import parse_address
from mapsrv.store.redis.client import OPEN_SECONDS
from tests.kit.ports import free_port
from tests.store.kit import valkey

WRONG = [
    "redis:",
    "redis://",
    "redis://host:port",
    "redis://host:0",
    "redis://host:70000",
    "redis://host/name",
    "redis://host/0#x",
    "redis://host?retry=yes",
    "redis://one,two/0",
    "redis://[::1/0",
    "rediss://host?ca",
    "unix:",
    "unix://relative.sock",
    "unix:///",
    "unix:///a.sock?db=x",
    "redis+sentinel://host:26379",
    "redis+sentinel:///name",
    "redis+sentinel://a,,b/name",
    "redis+sentinel://a/name/x",
    "http://host",
    "redis",
    "",
]


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_address_is_told_with_an_example(text):
    with pytest.raises(StartupError, match=r"^The address after --store is not one of a Redis: .*://.*\.$"):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("redis://h", {"host": "h", "port": 6379, "db": 0, "ssl": False}),
        ("redis://h:1/3", {"host": "h", "port": 1, "db": 3}),
        ("redis://[::1]:7/", {"host": "::1", "port": 7}),
        ("redis://:p%40ss@h", {"password": "p@ss", "username": None}),
        ("redis://ana:p%3Aw@h", {"password": "p:w", "username": "ana"}),
        ("rediss://h?ca=/x.pem", {"ssl": True, "ssl_ca_certs": "/x.pem"}),
        ("unix:///run/r.sock?db=2", {"unix_socket_path": "/run/r.sock", "db": 2}),
        ("unix://:pw@/run/r.sock", {"unix_socket_path": "/run/r.sock", "password": "pw"}),
    ],
)
def test_an_address_is_read_as_it_is_written(text, settings):
    found = parse_address(text)
    assert {key: found.settings[key] for key in settings} == settings
    assert not found.sentinels


def test_an_address_of_sentinels_is_read_as_it_is_written():
    found = parse_address("redis+sentinel://u:p@a,b:1,[::2]:3/main/4?sentinel_user=v&sentinel_password=s")
    assert found.sentinels == (("a", 26379), ("b", 1), ("::2", 3))
    assert (found.name, found.settings["db"], found.settings["password"]) == ("main", 4, "p")
    assert (found.sentinel_user, found.sentinel_password) == ("v", "s")


@pytest.mark.parametrize("text", ["redis://u:secret@h/x", "redis://u:secret@h", "unix://u:secret@/s"])
def test_a_password_is_in_no_message(text):
    try:
        said = repr(parse_address(text)) + parse_address(text).shown
    except StartupError as error:
        said = error.message
    assert "secret" not in said


async def refusal(url: str) -> str:
    with pytest.raises(StartupError) as caught:
        async with open_redis(url):
            raise AssertionError("it was opened")
    assert caught.value.message.count(". ") == 0 and caught.value.message.endswith(".")
    return caught.value.message


async def test_nobody_listening_is_one_sentence():
    url = f"redis://127.0.0.1:{free_port()}"
    assert "cannot be reached: start it" in await refusal(url)


async def test_a_host_that_is_not_there_is_one_sentence():
    assert "cannot be reached" in await refusal("redis://nobody.invalid:6379")


async def test_a_server_that_says_nothing_is_one_sentence(tmp_path):
    with valkey.running(tmp_path) as server:
        server.stall()
        assert "cannot be reached" in await refusal(server.url)


async def test_passwords_and_users_are_used_and_a_refused_one_is_one_sentence(tmp_path, history):
    with valkey.running(tmp_path, "--requirepass", "secret") as server:
        at = f"127.0.0.1:{server.port}"
        for url in (f"redis://{at}", f"redis://:wrong@{at}", f"redis://ana:secret@{at}"):
            said = await refusal(url)
            assert "refused the password" in said and "secret" not in said and "wrong" not in said
        server.do("ACL", "SETUSER", "ana", "on", ">word", "~map_*", "&map*", "+@all", password="secret")
        server.do("ACL", "SETUSER", "bob", "on", ">word", "~map_*", "+@read", password="secret")
        assert "does not allow its user" in await refusal(f"redis://bob:word@{at}")
        for url in (f"redis://:secret@{at}", f"redis://ana:word@{at}"):
            async with open_redis(url) as store:
                made = history.of(url)
                assert await store.create(url, made.head, now=1)
                assert await store.commit([made.take("k1")]) == [Ok()]


async def test_a_server_without_a_command_that_is_needed_is_refused(tmp_path):
    with valkey.running(tmp_path, "--rename-command", "EXPIRE", "") as server:
        said = await refusal(server.url)
        assert "does not know a command that mapsrv needs: name Redis 7.0 or later" in said


async def test_a_replica_is_refused_by_name(tmp_path, redis):
    with valkey.running(tmp_path, "--replicaof", "127.0.0.1", str(redis.port)) as replica:
        assert "is a replica" in await refusal(replica.url)


@pytest.mark.parametrize("command", [("HSET", "map_store", "a", "b"), ("SET", "map_store", "")])
async def test_a_store_id_that_is_none_is_refused(redis, command):
    redis.do(*command)
    await refusal(redis.url)


async def test_a_unix_socket_is_as_good(tmp_path, history):
    path = tmp_path / "r.sock"
    with valkey.running(tmp_path, "--unixsocket", str(path)):
        async with open_redis(f"unix://{path}?db=1") as store:
            made = history.of("s1")
            assert await store.create("s1", made.head, now=1)
            assert await store.commit([made.take("k1")]) == [Ok()]
    assert "cannot be reached" in await refusal(f"unix://{path}")


async def test_a_database_that_is_not_there_is_one_sentence(redis):
    await refusal(f"redis://127.0.0.1:{redis.port}/99")


async def test_a_password_refused_later_is_unavailable_and_says_so(tmp_path):
    with valkey.running(tmp_path) as server:
        async with open_redis(server.url) as store:
            server.do("CONFIG", "SET", "requirepass", "new")
            server.do("CLIENT", "KILL", "TYPE", "normal", password="new")
            with pytest.raises(StoreUnavailable):
                await store.exists("s1")
            await trio.sleep(OPEN_SECONDS)  # the first found a closed connection; the breaker lets one look
            with pytest.raises(StoreUnavailable, match="password"):
                await store.exists("s1")
