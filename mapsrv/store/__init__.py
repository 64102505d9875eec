"""Where sessions outlive the process: the Store protocol and the values it takes and gives."""

from mapsrv.store.protocol import (
    FORMAT,
    Batch,
    Component,
    Done,
    Entry,
    KeyRecord,
    Moved,
    Ok,
    Outcome,
    Refused,
    Store,
    StoredSession,
    Unknown,
)

__all__ = [
    "Batch",
    "Component",
    "Done",
    "Entry",
    "FORMAT",
    "KeyRecord",
    "Moved",
    "Ok",
    "Outcome",
    "Refused",
    "Store",
    "StoredSession",
    "Unknown",
]
