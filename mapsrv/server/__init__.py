"""The composition root: opens store, hub, web and transports, and serves them until told to stop."""

from mapsrv.server.serve import serve

__all__ = ["serve"]
