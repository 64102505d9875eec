"""Whose browser it is: the tokens of the links that this user is given, and what pages trade them for.

To be on this machine proves nothing: any process here may reach the port and have a map of its own
open, and behind a proxy on this machine that is everybody.

  1. This user is given an address that ends in #front=TOKEN: on a terminal, in an answer over stdio, or
     in a page of mode 600 at which a browser is opened (opener.py). A fragment reaches no server, no
     proxy and no log; a command line would be readable by all, in /proc/PID/cmdline.
  2. The page takes the token out of its address and trades it (POST /front) for a proof. A token is good
     once and for ten minutes: who finds it later, in a transcript or a history, has nothing.
  3. The page keeps the proof in localStorage and sends it with what it says of itself. A tab that did so
     is one of a browser of this user, and only such a tab has its map in front. A cookie would be
     sent to whatever listens on another port of this host; localStorage is this address's own.

A proof is NONCE.SIGNATURE by a key that lies beside the maps, so it outlives the server; without that
file no proof is good. What proves nothing is passed over: it is no error to be somebody else.
Tokens are this process's own. Where several serve the same maps, each gives and trades its own, and
has in front what its own tabs show.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trio
from itsdangerous import Signer

from mapsrv.local.files import read_private, write_private

FRAGMENT = "#front="
TOKEN_SECONDS = 600.0  # to click on a link in a chat
PATIENCE_SECONDS = 10.0  # from a browser's start to its page; a cold one takes half of that
MAX_TOKENS = 1_000  # given and not traded, as each answer over stdio has one while nobody watches
MAX_PROOF = 200  # characters; ours have 66
PROOF = re.compile(r"[\w.-]+", re.ASCII)  # base64url, as it is signed

KEY_NAME, KEY_BYTES = "front.key", 32


@dataclass(slots=True)
class _Given:
    """A token that waits for its page; `until` is Trio's time."""

    until: float
    traded: trio.Event = field(default_factory=trio.Event)


class Front:
    """The tokens and proofs of one server. Without a key its proofs end with it.

    `command` is how this user's assistants start `mapsrv stdio`: who proves nothing is told no path.
    """

    def __init__(self, key: bytes | None = None, command: Sequence[str] = ()) -> None:
        self.command = tuple(command)
        key = secrets.token_bytes(KEY_BYTES) if key is None else key
        # The salt: nothing else that this key may come to sign can pass for a proof.
        self._signer = Signer(key, b"mapsrv.front", key_derivation="hmac", digest_method=hashlib.sha256)
        self._given: OrderedDict[str, _Given] = OrderedDict()  # in the order of their end
        self._owed: OrderedDict[str, float] = OrderedDict()  # map: since when tokens are given for it

    def token(self, session_id: str | None = None) -> str:
        """Return a new token; with a map, that is owed to this user until one of their tabs shows it."""
        now = trio.current_time()
        while self._given and (self._oldest().until <= now or len(self._given) >= MAX_TOKENS):
            self._given.popitem(last=False)
        token = secrets.token_urlsafe(16)
        self._given[token] = _Given(now + TOKEN_SECONDS)
        if session_id is not None:
            self._owed.setdefault(session_id, now)
            if len(self._owed) > MAX_TOKENS:
                self._owed.popitem(last=False)
        return token

    def trade(self, token: str) -> str | None:
        """Return a proof for a token that is good, which it then is no more."""
        given = self._given.pop(token, None)
        if given is None or given.until <= trio.current_time():
            return None
        given.traded.set()
        return self._signer.sign(secrets.token_urlsafe(16)).decode("ascii")

    def proves(self, proof: object) -> bool:
        """Return whether this was traded for a token here; compared in constant time."""
        if not isinstance(proof, str) or len(proof) > MAX_PROOF or not PROOF.fullmatch(proof):
            return False  # base64 has several forms of the same: here one is good
        return self._signer.validate(proof)

    async def is_waiting(self, token: str) -> bool:
        """Return whether no page trades the token within PATIENCE_SECONDS; False for an unknown one."""
        given = self._given.get(token)
        if given is None:
            await trio.lowlevel.checkpoint()
            return False
        with trio.move_on_after(PATIENCE_SECONDS):
            await given.traded.wait()
        return not given.traded.is_set()

    def shown(self, session_id: str) -> None:
        """Note that a tab with a proof shows that map."""
        self._owed.pop(session_id, None)

    def is_owed(self, session_id: str) -> bool:
        """Return, once, whether a link for that map was given a while ago and no proven tab shows it."""
        given = self._owed.get(session_id)
        if given is None or given > trio.current_time() - PATIENCE_SECONDS:
            return False
        del self._owed[session_id]
        return True

    def _oldest(self) -> _Given:
        return next(iter(self._given.values()))


def address(url: str, token: str) -> str:
    """Return the address that tells a page the token."""
    return f"{url}{FRAGMENT}{token}"


def parted(link: str) -> tuple[str, str]:
    """Return the plain address and the token, which is empty where the link has none."""
    plain, _, token = link.partition(FRAGMENT)
    return plain, token


def for_print(link: str) -> str:
    """Return a link as it may be printed: with its token on a terminal, never into a log."""
    return link if sys.stdout.isatty() else parted(link)[0]


def load_front(data_dir: Path, command: Sequence[str] = ()) -> Front:
    """Return what signs by the key beside the maps, made where there is none that is this user's alone.

    Waits; for a thread. Where the folder cannot be written, proofs end with the server.
    """
    path = data_dir / KEY_NAME
    key = read_private(path, KEY_BYTES + 1)
    if key is None or len(key) != KEY_BYTES:
        key = secrets.token_bytes(KEY_BYTES)
        try:
            write_private(path, key)
        except OSError:
            pass  # as where a pod has no folder; its store holds the maps
    return Front(key, command)
