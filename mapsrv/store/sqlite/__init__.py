"""The store of a laptop, or of one server: a SQLite file, with SQLite's own promise on every commit."""

from mapsrv.store.sqlite.store import EXPLAINED, explain, open_sqlite

__all__ = ["EXPLAINED", "explain", "open_sqlite"]
