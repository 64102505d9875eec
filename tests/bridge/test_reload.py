"""SIGHUP: the files are read again, only what changed in them changes, and a broken one changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio
import trio.testing

from mapsrv.bridge.children.child import NOBODY
from mapsrv.bridge.services import Services
from mapsrv.bridge.settings import MODES, Mode
from mapsrv.bridge.specs import Spec
from mapsrv.errors import NotFound
from tests.bridge.kit import proc
from tests.bridge.kit.client import open_session
from tests.bridge.kit.process import CHILD, ask, bridge, write_servers
from tests.bridge.kit.session import Refused

READ = "The files were read again"
AS_BEFORE = "All goes on as before"


@pytest.fixture
def servers(tmp_path: Path) -> Path:
    return tmp_path / "servers.json"


async def test_servers_come_and_go_and_the_sessions_of_others_never_notice(servers: Path) -> None:
    write_servers(servers, {"kept": {}, "shared": {"mode": "shared"}, "gone": {}, "changed": {}})
    with bridge(servers.parent, "--config", str(servers)) as run:
        async with (
            open_session(run.port, "/servers/kept/sse", "sse") as stream,
            open_session(run.port, "/servers/kept/mcp", "http") as kept,
            open_session(run.port, "/servers/shared/mcp", "http") as shared,
            open_session(run.port, "/servers/gone/sse", "sse") as gone,
            open_session(run.port, "/servers/changed/mcp", "http") as changed,
        ):
            before = [await session.call("echo", value=1) for session in (stream, kept, shared)]
            write_servers(
                servers,
                {"new": {}, "kept": {}, "shared": {"mode": "shared"}, "changed": {"limits": {"files": 64}}},
            )
            run.reload(READ)
            after = [await session.call("echo", value=1) for session in (stream, kept, shared)]
            assert after == before, "by the same processes"
            await gone.over.wait()
            with pytest.raises(Refused) as refused:
                await changed.call("echo")
            assert refused.value.status == 404, "so that its client initialises anew"
            async with open_session(run.port, "/servers/changed/mcp", "http") as anew:
                assert (await anew.call("echo", value=2))[0] == 2
            async with open_session(run.port, "/servers/new/mcp", "http") as new:
                assert (await new.call("echo", value=3))[0] == 3
            assert (await ask(run.port, "/servers/gone/mcp"))[0] == 404
            metrics = (await ask(run.port, "/metrics"))[2]
            assert 'mapsrv_bridge_sessions{server="kept"} 2.0' in metrics
            assert 'mapsrv_bridge_sessions{server="gone"}' not in metrics
        assert run.stop() == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ('{"mcpServers": {"kept": {"command": "no-such-program"}}}', "no-such-program"),
        ('{"mcpServers": {}}', "at least one server"),
        (None, "cannot be read"),
    ],
)
async def test_a_broken_file_changes_nothing(servers: Path, text: str | None, why: str) -> None:
    write_servers(servers, {"kept": {}})
    with bridge(servers.parent, "--config", str(servers)) as run:
        async with open_session(run.port, "/mcp", "http") as session:
            before = await session.call("echo")
            servers.unlink() if text is None else servers.write_text(text)
            run.reload(AS_BEFORE)
            assert why in run.log and "Traceback" not in run.log
            assert await session.call("echo") == before
            write_servers(servers, {"kept": {}, "more": {}})
            run.reload(READ)
            assert await session.call("echo") == before
        assert run.stop() == 0


async def test_keys_are_read_again_too_and_only_with_good_servers(servers: Path) -> None:
    keys = servers.with_name("keys")
    keys.write_text("old\n")
    write_servers(servers, {"a": {}})
    with bridge(servers.parent, "--config", str(servers), "--api-key-file", str(keys)) as run:

        async def takes(key: str) -> bool:
            return (await ask(run.port, "/metrics", {"X-API-Key": key}))[0] == 200

        keys.write_text("new\n")
        good = servers.read_text()
        servers.write_text("{")
        run.reload(AS_BEFORE)
        assert await takes("old") and not await takes("new")
        servers.write_text(good)
        keys.write_text("# none\n")
        run.reload(AS_BEFORE)
        assert await takes("old")
        keys.write_text("new\n")
        run.reload(READ)
        assert await takes("new") and not await takes("old")


async def test_sessions_at_the_root_go_on_there_when_more_servers_come(servers: Path) -> None:
    write_servers(servers, {"kept": {}})
    with bridge(servers.parent, "--config", str(servers)) as run:
        async with (
            open_session(run.port, "/sse", "sse") as stream,
            open_session(run.port, "/mcp", "http") as session,
        ):
            before = [await one.call("echo") for one in (stream, session)]
            write_servers(servers, {"kept": {}, "more": {}})
            run.reload(READ)
            assert [await one.call("echo") for one in (stream, session)] == before
            status, _, told = await ask(run.port, "/mcp", method="POST", body=b"{}")
            assert status == 404 and "/servers/more/mcp" in told["error"]["message"]


@pytest.mark.parametrize("mode", MODES)
async def test_who_came_just_before_a_server_ended_starts_nothing_there(mode: Mode) -> None:
    token = f"reload-{os.getpid()}-{mode}"
    async with trio.open_nursery() as nursery:
        services = Services(nursery, NOBODY)
        await services.become({"a": Spec("a", CHILD[0], (*CHILD[1:], token), mode=mode)})
        service = services["a"]
        session = await service.open("client", 60)
        await services.become({})
        await trio.testing.wait_all_tasks_blocked()
        assert session.over.is_set() and not services
        with pytest.raises(NotFound):
            await service.open("client", 60)
    assert not proc.named(token), "the nursery ends when all its children have"


async def test_a_server_that_is_disabled_is_not_served(servers: Path) -> None:
    write_servers(servers, {"on": {}, "off": {"disabled": True}})
    with bridge(servers.parent, "--config", str(servers), MAPSRV_MODE="shared") as run:
        assert "/servers/on/" in run.said and "/servers/off/" not in run.said
        async with (
            open_session(run.port, "/mcp", "http") as one,
            open_session(run.port, "/mcp", "http") as other,
        ):
            # What the command line says holds for a server that does not say: one process for both.
            assert await one.call("echo") == await other.call("echo")
