"""mapsrv processes on one real valkey-server; one may be of a release whose format is one higher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.kit.server import Server, running
from tests.store.kit import valkey

NEXT = """
import sys
import mapsrv.store.protocol
mapsrv.store.protocol.FORMAT += 1  # before anything takes it from there
from mapsrv.__main__ import main
sys.exit(main())
"""


class NextRelease(Server):
    """As the next release might be, once it writes what this one cannot read."""

    program = ("-c", NEXT)


@contextmanager
def pods(
    folder: Path, *kinds: type[Server], flags: tuple[str, ...] = ()
) -> Iterator[tuple[valkey.Server, list[Server]]]:
    """Run a valkey-server and a pod of each kind."""
    with ExitStack() as stack:
        redis = stack.enter_context(valkey.running(folder / "redis"))
        servers = []
        for name, kind in zip("abc", kinds):
            (folder / name).mkdir()
            servers.append(
                stack.enter_context(running(folder / name, "--store", redis.url, *flags, kind=kind))
            )
        yield redis, servers
