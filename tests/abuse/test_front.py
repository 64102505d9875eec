"""Another process of this machine, without the secret, tries to have its own map in front.

What it may do is what anybody may who reaches the port: make a map, open a stream of it, say what it
likes of itself. The next call of this user's assistant must not draw there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.kit.server import NO_TLS, Server, call, running, wait_until
from tests.e2e.kit.viewer import Viewer

HOME = {"type": "Point", "coordinates": [7.4, 46.9]}
FORGED: tuple[dict[str, Any], ...] = (
    {},
    {"proof": ""},
    {"proof": None},
    {"proof": 7},
    {"proof": ["a", "b"]},
    {"proof": "x" * 60_000},
    {"proof": "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"proof": "Ünlesbar.\u0000"},
)


def say(server: Server, session: str, **told: Any) -> int:
    """Return the status of what a tab says of itself."""
    url, body = f"{server.url}/presence", {"viewer": "stranger", "visible": True, **told}
    return httpx2.post(url, params={"session": session}, json=body, verify=NO_TLS).status_code


def watched(server: Server, session: str) -> Viewer:
    """Return a stranger's stream, open."""
    viewer = Viewer(server, f"{session}&viewer=stranger")
    wait_until(lambda: viewer.seen)
    return viewer


def drawn_on(server: Server) -> str:
    """Return the map on which the next call of this user's assistant draws."""
    told = call(server, "stdio", ("add_layer", {"id": "home", "source": HOME}))[0]
    return str(told["session_id"])


def test_a_strangers_stream_is_never_in_front(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        theirs = server.new_map()
        watched(server, theirs)
        for told in FORGED:
            assert say(server, theirs, **told) == 204, "what proves nothing is passed over, and no error"
        assert drawn_on(server) != theirs
        assert server.state(theirs)["state"]["layers"] == []


def test_a_stranger_gets_no_proof_for_a_guess(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        for guess in ("", "A" * 22, "x" * 60_000, None, 7):
            answer = httpx2.post(f"{server.url}/front", json={"token": guess}, verify=NO_TLS)
            assert answer.status_code == 422 and "proof" not in answer.json()
