"""The MCP project's own tools, run against our transports: its conformance suite and its Inspector."""
