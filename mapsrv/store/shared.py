"""A store that several processes share: what they tell each other, and what gives it back what it lost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from mapsrv.core.log import Head, Position
from mapsrv.errors import NewerFormat
from mapsrv.store.protocol import Component, Entry, KeyRecord, Store


@dataclass(frozen=True, slots=True)
class Seed:
    """A session that begins anew, from what a process remembers, since the store has lost it.

    `expect` is what the store has of it now (None: nothing); `head` is the one of the new epoch.
    """

    session_id: str
    expect: Head | None
    head: Head
    components: Mapping[str, Component]
    keys: tuple[KeyRecord, ...]  # oldest first
    came_from: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """News: an event that some process, perhaps this one, has committed."""

    session_id: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Live:
    """News of what is never stored: what one process tells of a session, as it wrote it."""

    session_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Missed:
    """The connection was away for a while: any news may have been lost."""


@dataclass(frozen=True, slots=True)
class Unread:
    """News: something of this session that this release cannot read. What stands in the store says what."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Letter:
    """News: what another process posted to this one alone."""

    body: bytes


News: TypeAlias = Committed | Live | Missed | Unread | Letter


class Mail(Protocol):
    """The letterbox of this process, and the way to those of the others."""

    on_letter: Callable[[bytes], None]  # is given what comes, and raises nothing

    @property
    def pod(self) -> str:
        """The name of this process, to which others post: 16 hexadecimal digits, drawn anew at each start."""
        ...

    async def post(self, pod: str, body: bytes) -> bool:
        """Post a letter to one process; return whether anybody heard. Raises StoreUnavailable.

        Heard is not read: a process that has more letters than it can hold drops the newest.
        """
        ...


class Feed(Protocol):
    """What the processes that share a store tell each other. News may be lost, late, or come twice."""

    async def watch(self, session_id: str) -> None:
        """Have news of a session from now on; what is committed after this returns is told."""

    async def unwatch(self, session_id: str) -> None:
        """Have no more news of a session."""

    async def tell(self, session_id: str, body: bytes, *, about: str = "viewers") -> None:
        """Tell the others something that is never stored. What cannot be told is dropped.

        Of what is told about one thing of a session, while it waits, only the latest counts.
        """

    @property
    def pod(self) -> str:
        """As Mail has it."""
        ...

    async def post(self, pod: str, body: bytes) -> bool:
        """As Mail has it."""
        ...

    async def pass_on(self, session_id: str, body: bytes, *, about: str, number: int) -> None:
        """Tell the others what a tab says, as tell() does. Where too much of that waits it is dropped.

        Of what is told about one thing, while it waits, only that of the highest number counts.
        """

    async def next(self) -> News:
        """Wait for news."""


PARCEL_SECONDS = 10  # that a parcel is due, and then kept


class Parcels(Protocol):
    """What one process leaves for another that waits for it, under a token.

    Each call raises StoreUnavailable.
    """

    async def expect(self, token: str) -> None:
        """Have a parcel be due, for PARCEL_SECONDS."""

    async def admit(self, token: str) -> bool:
        """Return whether a parcel is due; it may be left by who is told so, and by nobody after."""

    async def leave(self, token: str, body: bytes) -> None:
        """Leave a parcel, for PARCEL_SECONDS."""

    async def collect(self, token: str) -> bytes | None:
        """Return a parcel and forget it; None where there is none."""


@runtime_checkable
class SharedStore(Store, Parcels, Protocol):
    """A store that several processes use at once."""

    def open_feed(self) -> AbstractAsyncContextManager[Feed]:
        """Open this process's feed."""

    async def heads(self, session_ids: Collection[str]) -> Mapping[str, Head | NewerFormat | None]:
        """Return where sessions are; None for one that is not there, NewerFormat for one not ours to read."""

    async def identity(self) -> str:
        """Return the id of this store, made where it has none: another than before tells of a loss."""

    async def secret(self, mine: bytes) -> bytes:
        """Return the key that the processes of this store sign by: `mine`, kept, where there was none."""

    async def note_loss(self) -> None:
        """For a minute, have sessions that are not there be unavailable, not unknown: some may be held."""

    async def seed(self, seed: Seed) -> bool:
        """Begin a session anew; False, nothing written, when what is there is not what was expected."""
