"""Between MCP's revisions: those with initialize (up to 2025-11-25) and those without (from 2026-07-28)."""

from mapsrv.bridge.eras.adapted import Adapted
from mapsrv.bridge.eras.greeting import greet

__all__ = ["Adapted", "greet"]
