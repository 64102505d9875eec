"""The command line: serve (default), stdio, demo, bridge.

Whatever cannot be done is one plain sentence on stderr and an exit code that is not 0; a traceback
here is a bug. Over stdio nothing but the protocol may reach stdout.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import trio

from mapsrv.config import Config, parse
from mapsrv.errors import MapsrvError, leaves

if TYPE_CHECKING:
    from mapsrv.local.front import Front

INTERRUPTED = 130  # as shells say it: 128 and SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    run = _told(list(sys.argv[1:] if argv is None else argv))
    try:
        trio.run(run)
    # Bare interrupts, and what nurseries make of them.
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:
        return _exit_code(error)
    return 0


def _told(words: list[str]) -> Callable[[], Awaitable[None]]:
    """Return what a command line asks for."""
    if words[:1] == ["bridge"]:
        return _bridge(words[1:])
    config = parse(words, os.environ)
    return partial(COMMANDS[config.command], config)


def _bridge(words: list[str]) -> Callable[[], Awaitable[None]]:
    from mapsrv.bridge import settings

    told = settings.parse(words, os.environ)

    from mapsrv.bridge.run import run_bridge

    return partial(run_bridge, told, partial(print, flush=True))


def _exit_code(error: BaseException) -> int:
    """Tell of what ended the command, and return its exit code; raises what is a bug."""
    ended = list(leaves(error))
    refusals = [leaf for leaf in ended if isinstance(leaf, MapsrvError)]
    quiet = (MapsrvError, KeyboardInterrupt, BrokenPipeError)
    if not all(isinstance(leaf, quiet) for leaf in ended):
        raise error
    if refusals:
        print(f"mapsrv: {refusals[0].message}", file=sys.stderr)
        return 1
    if any(isinstance(leaf, BrokenPipeError) for leaf in ended):
        # Whoever read has gone. What is left in the buffer would fail once more at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return INTERRUPTED


async def _serve(config: Config) -> None:
    # Until server/memory.py has counted what stays: all that is loaded does, and would be looked through.
    gc.disable()

    from mapsrv.local.front import load_front
    from mapsrv.local.greeting import greeting
    from mapsrv.local.own_command import in_image, own_command
    from mapsrv.local.start import watch_log
    from mapsrv.server import serve

    command = [] if in_image() else own_command(config)
    front = await trio.to_thread.run_sync(load_front, config.data_dir, command)
    async with trio.open_nursery() as beside:
        async with trio.open_nursery() as nursery:
            url = await nursery.start(partial(serve, front=front), config)
            if config.idle_exit is not None:
                beside.start_soon(watch_log)
            print(greeting(config, url, _shown(front, url)), flush=True)
            if config.open:
                beside.start_soon(_open, config, front, url)
        beside.cancel_scope.cancel()  # the server has ended, and with it what goes on beside it


async def _open(config: Config, front: Front, url: str) -> None:
    from mapsrv.local.browser import has_browser
    from mapsrv.local.front import address
    from mapsrv.local.opener import show

    link = address(f"{url}/", front.token())
    if has_browser() and await show(config.data_dir, link, front.is_waiting):
        said = "The browser did not say that it is yours. For assistants to find its map, open there:"
        print(f"{said} {_shown(front, url)}", flush=True)


def _shown(front: Front, url: str) -> str:
    """Return the address to print: with a token on a terminal, never into a log."""
    from mapsrv.local.front import address, for_print

    return for_print(address(f"{url}/", front.token()))


async def _stdio(config: Config) -> None:
    from mapsrv.logs import log_to_stderr
    from mapsrv.transports.mcp_stdio import serve_stdio

    log_to_stderr(config.log_level, config.log, soon=False)
    # The thread that reads stdin cannot be interrupted, and there is nothing to put in order here.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    await serve_stdio(config)


async def _demo(config: Config) -> None:
    from mapsrv.demo import run_demo

    await run_demo(config)


# Each imports what it needs: `mapsrv stdio` must answer a host before a web server is loaded.
COMMANDS: dict[str, Callable[[Config], Awaitable[None]]] = {"serve": _serve, "stdio": _stdio, "demo": _demo}


if __name__ == "__main__":
    sys.exit(main())
