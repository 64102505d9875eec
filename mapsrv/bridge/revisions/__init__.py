"""Between MCP's revisions: legacy ones, with initialize (to 2025-11-25), and modern ones (from 2026-07-28).

|                 | at a legacy child            | at a modern child            |
|-----------------|------------------------------|------------------------------|
| a legacy client | passed on: legacy_client.py  | legacy_at_modern.py,         |
|                 |                              | listen_at_modern.py          |
| a modern client | modern_call.py,              | passed on:                   |
|                 | listen_at_legacy.py          | modern_at_modern.py          |

Of what is passed on params and results stay the bytes that came, unless an id, a token or a tool that is held
back stands in them. The pure conversions of the other two are legacy_to_modern.py and modern_to_legacy.py, by
whose client it is; input_required.py keeps a modern client's calls while a legacy child waits for answers.
What a child speaks is found out by handshake.py before a modern client's call, and by legacy_client.py where
the child refuses a client's initialize.
"""

from mapsrv.bridge.revisions.handshake import negotiate
from mapsrv.bridge.revisions.legacy_client import LegacyClient

__all__ = ["LegacyClient", "negotiate"]
