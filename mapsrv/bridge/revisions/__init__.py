"""Between MCP's revisions: those with initialize (up to 2025-11-25) and those without (from 2026-07-28)."""

from mapsrv.bridge.revisions.handshake import greet
from mapsrv.bridge.revisions.legacy_client import Adapted

__all__ = ["Adapted", "greet"]
