"""The composition root: opens store, hub, web and transports, and serves them until told to stop."""

from mapsrv.server.serve import serve, spare_the_collector

__all__ = ["serve", "spare_the_collector"]
