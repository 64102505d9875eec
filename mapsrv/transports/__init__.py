"""MCP over HTTP+SSE, streamable HTTP and stdio; they know servers and bytes, and nothing of the map."""
