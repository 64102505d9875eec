"""The settings of a process that serves maps, and of its demo: one table of options."""

from mapsrv.config.flags import COMMANDS, DRAIN_WINDOW, REDIS, SECRET, Config, options, parse, shared

__all__ = ["COMMANDS", "Config", "DRAIN_WINDOW", "REDIS", "SECRET", "options", "parse", "shared"]
