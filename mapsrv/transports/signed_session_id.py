"""An MCP session that is kept nowhere: what later calls need of it stands in its id, signed.

The client sends the id with each call, so any process that has the key serves it, whichever answered
`initialize`, and none remembers anything. What is in an id can be read by who has it: it bears nothing but
what its client said of itself, and is no secret to that client.

An id is PAYLOAD.SIGNATURE, both base64url without padding. The payload is a JSON list: 16 random bytes
(two sessions never share an id), the client's name and version, a hash of the principal, the time. The
principal (a caller known by a key or a login) is hashed with the random bytes, so that ids of one cannot be
told to be of one; it is empty where callers are not known. More may follow in a list: it is passed over.

Refused are all alike, so that nobody learns why: as an unknown session, on which clients begin anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from mapsrv.errors import NotFound
from mapsrv.secret_keys import SecretKeys
from mapsrv.wire.names import clean_name

SALT = b"mcp-session"  # the use of the key: nothing else that it signs can pass for a session
MAX_ID = 400  # characters; proxies take heads of 4 KiB, of which this is one line
MAX_NAME, MAX_VERSION = 148, 40  # bytes as they stand in the payload, quotes and all
LIFETIME_SECONDS = 30 * 86400.0  # as long as an unused map is kept in Redis
MAX_KNOWN = 1_000  # ids that were looked through: some 0.5 MB
AHEAD_SECONDS = 300.0  # that another pod's clock may be ahead of this one's

_FORM = re.compile(r"([\w-]+)\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """What a client said of itself as it began; `at` is Unix time in seconds."""

    name: str
    version: str
    at: float
    principal: str = ""


class Seal:
    """Makes ids of MCP sessions by the keys of a deployment, and knows those again."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys
        self._made_of: tuple[bytes, ...] = ()
        self._made: Signer | None = None
        # Each call of a client bears the same id, and to look through it takes longer than many a call does.
        self._known: OrderedDict[tuple[str, str], Told] = OrderedDict()

    def seal(self, told: Told) -> str:
        """Return a new id: at most MAX_ID visible ASCII characters, whatever the client is called."""
        nonce = secrets.token_urlsafe(16)
        principal = _hashed(nonce, told.principal)
        name, version = _cut(told.name, MAX_NAME), _cut(told.version, MAX_VERSION)
        payload = base64_encode(_json([nonce, name, version, principal, int(told.at)]))
        return self._signer().sign(payload).decode("ascii")

    def open(self, text: str, now: float, principal: str = "") -> Told:
        """Return what an id bears. Raises NotFound for one that is not of here, not this caller's, or old."""
        signer = self._signer()
        told = self._known.get((text, principal))
        if told is None:
            told = self._read(signer, text, principal)
            self._known[text, principal] = told
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        if not now - LIFETIME_SECONDS <= told.at <= now + AHEAD_SECONDS:
            raise _unknown()
        return told

    def _read(self, signer: Signer, text: str, principal: str) -> Told:
        found = _FORM.fullmatch(text) if len(text) <= MAX_ID else None
        # Base64 spells the same bytes in several ways, of which one is good.
        if found is None or base64_encode(base64_decode(found[2])) != found[2].encode("ascii"):
            raise _unknown()
        try:
            payload = base64_decode(signer.unsign(text))
            nonce, name, version, hashed, at, *_more = json.loads(payload)
            told = Told(str(name), str(version), float(at), principal)
            mine = hmac.compare_digest(str(hashed), _hashed(str(nonce), principal))
        except (
            BadData,
            ValueError,
            TypeError,
            OverflowError,
        ):  # signed, but by a release that means another thing
            raise _unknown() from None
        if not mine:
            raise _unknown()
        return told

    def _signer(self) -> Signer:
        keys = self._keys.all
        if self._made is None or keys is not self._made_of:
            newest_last = list(reversed(keys))  # as it wants them: it signs by the last
            self._made = Signer(newest_last, SALT, key_derivation="hmac", digest_method=hashlib.sha256)
            self._made_of = keys
            self._known.clear()
        return self._made


def _unknown() -> NotFound:
    return NotFound("This server knows no such MCP session (any more). Initialize a new one.")


def _hashed(nonce: str, principal: str) -> str:
    if not principal:
        return ""
    digest = hashlib.sha256(f"{nonce} {principal}".encode("utf-8", "surrogatepass")).digest()
    return base64_encode(digest[:16]).decode("ascii")


def _cut(text: str, most: int) -> str:
    """Return as much of a name, cleaned, as takes so many bytes of JSON."""
    text = clean_name(text)
    while len(_json(text)) > most:
        text = text[:-1]
    return text


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
