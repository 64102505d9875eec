"""`mapsrv demo`: draws on a running map as a language model would, through a real MCP client."""

from mapsrv.demo.run import run_demo

__all__ = ["run_demo"]
