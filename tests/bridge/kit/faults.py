"""All faults by name: what is tested of mapsrv's bridge, and counted of every wrapper, by the same checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import trio

from mapsrv.errors import leaves
from tests.bridge.kit import crashes, endings, isolation, loads
from tests.bridge.kit.running import Running, running
from tests.bridge.kit.session import Refused
from tests.bridge.kit.wire import Broken
from tests.bridge.kit.wrappers import Wrapper

BOTH = ("sse", "http")
NOTHING, A_CHILD, ALL = range(3)  # what may be over after a check: one of NOTHING leaves all as it was
CHECK_SECONDS = 120.0  # for any check
WRONG = (AssertionError, Refused, Broken, trio.TooSlowError, OSError, ValueError, KeyError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Fault:
    """`survived` says what a wrapper that stands it does. `row` is that of the list of regressions.

    `own` says that it is about the child of one session; `idle`, that sessions must expire soon. `ends` is
    what may be over after it: ALL also where what the wrapper did before would count.
    """

    survived: str
    check: Callable[[Running], Awaitable[None]]
    row: int | None = None
    transports: tuple[str, ...] = BOTH
    own: bool = False
    idle: bool = False
    ends: int = NOTHING


FAULTS: Mapping[str, Fault] = {
    fault.check.__name__: fault
    for fault in (
        Fault("a silent session stays open and lists its tools", isolation.stays_open, 20),
        Fault("a POST is answered at once, the reply comes on the stream", isolation.post_at_once, 21),
        Fault("the endpoint event holds a path", isolation.relative_endpoint, 27, ("sse",)),
        Fault("two sessions with the same ids: each its own answers", isolation.same_ids, 22),
        Fault("an answer that comes after its asker left goes to nobody", isolation.late_answer, 22),
        Fault("what the child asks goes to the client that it works for", isolation.server_requests, 22),
        Fault("junk on the child's stdout reaches no client", loads.junk, 22),
        Fault("a crash: the calls in flight get an error at once", crashes.crash_told, 23, ends=A_CHILD),
        Fault(
            "the error names the exit code or signal and the last words",
            crashes.crash_explained,
            23,
            ends=A_CHILD,
        ),
        Fault(
            "a crash is told though a grandchild holds the pipes",
            crashes.crash_told_despite_heirs,
            23,
            ends=A_CHILD,
        ),
        Fault(
            "a crash: another session's call in flight is answered",
            crashes.crash_spares_others,
            23,
            ends=A_CHILD,
        ),
        Fault("a crash: another session can call afterwards", crashes.crash_others_later, 23, ends=A_CHILD),
        Fault("three crashes: a new session works", crashes.crash_then_new, 23, ends=A_CHILD),
        Fault(
            "a child that dies while idle: the next call is answered", crashes.idle_death, 23, ends=A_CHILD
        ),
        Fault(
            "a crash ends the session: its next POST gets 404",
            crashes.crash_ends_session,
            25,
            own=True,
            ends=A_CHILD,
        ),
        Fault("an unknown session gets 404", crashes.unknown_session, 25),
        Fault("health tells when no child can start", crashes.health_tells, 23, ends=ALL),
        Fault("a hanging child: other sessions go on", endings.hang_spares_others, 23, ends=A_CHILD),
        Fault("a child busy for 4 s is not taken for dead", endings.busy_is_not_dead, 28),
        Fault("sessions abandoned in many ways leave nothing", loads.abandoned, 24, idle=True),
        Fault(
            "a session's end takes its grandchildren, deaf to TERM",
            endings.group_gone,
            26,
            own=True,
            idle=True,
        ),
        Fault("a crash takes the grandchildren", endings.crash_takes_group, 26, ends=A_CHILD),
        Fault(
            "a hung child, deaf to TERM, ends with its session",
            endings.deaf_child_ends,
            26,
            own=True,
            idle=True,
        ),
        Fault("told to stop, it leaves nothing", endings.stopped, 26, ends=ALL),
        Fault("killed -9, it leaves no child, hung or not", endings.killed, 24, ends=ALL),
        Fault("killed -9, it leaves no grandchild", endings.killed_with_heirs, 24, ends=ALL),
        Fault("a client that never reads: bounded memory, others go on", loads.never_reads, ends=ALL),
        Fault("a line of 60 MiB: bounded memory, others go on", loads.endless_line, ends=ALL),
        Fault("an answer of 2 MiB arrives whole", loads.big_answer),
        Fault("bodies that are no JSON-RPC get 4xx, all goes on", loads.bad_bodies),
    )
}


def stand(name: str, wrapper: Wrapper, transport: str) -> str | None:
    """Return why a wrapper, started for it, does not stand a fault; None where it does."""
    try:
        with running(wrapper, transport, *(wrapper.idle if FAULTS[name].idle else ())) as run:
            return stands(name, run)
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"


def stands(name: str, run: Running) -> str | None:
    """Return why one that runs does not stand a fault; None where it does."""
    try:
        trio.run(_checked, FAULTS[name], run)
    except (*WRONG, ExceptionGroup) as error:
        told = list(leaves(error))
        if not all(isinstance(one, WRONG) for one in told):
            raise
        return "; ".join(f"{type(one).__name__}: {one}" for one in told)
    return None


async def _checked(fault: Fault, run: Running) -> None:
    with trio.fail_after(CHECK_SECONDS):
        await fault.check(run)
