"""The options that mapsrv and its bridge both have, word for word."""

from __future__ import annotations

from mapsrv.config import values as v
from mapsrv.config.parser import Option

HOST = Option("host", v.host, "127.0.0.1", "address to listen on; 0.0.0.0 for all", "ADDRESS")
TRUSTED_PROXIES = Option(
    "trusted-proxies",
    v.networks,
    None,
    "networks of proxies whose X-Forwarded- headers are believed; repeatable",
    "CIDR",
    repeatable=True,
)
KEEP_ALIVE = Option(
    "keep-alive", v.some_time, "75s", "a connection that asks nothing is closed after this", "SECONDS"
)
LOG = Option(
    "log",
    v.one_of("json", "console"),
    None,
    "form of the log; default: console on a terminal, else json",
    "FORM",
)
LOG_LEVEL = Option("log-level", v.level, "info", "least that is logged: debug, info, warning, error", "LEVEL")
