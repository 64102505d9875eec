"""The bridge over HTTP: both transports of MCP, health, metrics."""
